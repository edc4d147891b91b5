// Package hit is what engines and their account share: the job that an engine is given, and the hits that have ended.
//
// It sends nothing and counts nothing.
package hit
