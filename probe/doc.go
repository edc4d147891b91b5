// Package probe watches a multi-worker server from outside, through the kernel's own account of it: processes, threads,
// sockets, file locks, heartbeats.
//
// It changes nothing in what it watches (no ptrace, no signal, no pause) and explains nothing: it records what was
// seen, and diagnose says what it means.
package probe
