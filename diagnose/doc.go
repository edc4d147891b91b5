// Package diagnose says which worker hangs, since when and why, from the history alone.
//
// It looks at nothing itself: what is not in the history it does not know, and where the evidence does not reach it
// says unknown.
package diagnose
