// Package report tells what a history says: one immutable Report, made again as the history grows, and its forms as
// text and JSON.
//
// It decides nothing: metrics counts, diagnose explains, verdict judges.
package report
