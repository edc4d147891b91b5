// Package scenarios is what a run is told to do: the scenario files, read strictly, and the library that is built in.
//
// It starts nothing and knows no process; the run carries a plan out.
package scenarios
