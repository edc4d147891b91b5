// Package history is what hangtime remembers of a run: every event, typed, numbered and timed by one clock, in memory
// and on disk.
//
// It does not interpret: rates, findings and verdicts are folds over it, made elsewhere.
package history
