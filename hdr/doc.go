// Package hdr counts durations in histograms of one shape, and writes and reads them as the history has them:
// HdrHistogram's V2, compressed, base64.
//
// It says nothing of what the durations are.
package hdr
