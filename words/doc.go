// Package words writes what people read: counts, lengths of time, moments, sizes and shares, and foreign text made
// safe to show. Each has its one writer here, so that a figure reads the same on a screen, in a report and in a
// sentence. It knows nothing of hangs, and writes nothing that a program is to read back.
package words
