// Package doctor tries on this machine what hangtime makes use of (kinds of evidence on a process, facilities of the
// machine, tools of others), and says what would enable the rest.
package doctor
