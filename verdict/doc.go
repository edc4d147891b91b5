// Package verdict judges a run: each check is pass, fail or unknown. What was not seen is unknown, never passed.
//
// It measures nothing itself.
package verdict
