// Package probe watches a multi-worker server from outside, through the kernel's own account of it: processes, threads,
// sockets, file locks, heartbeats.
//
// The server was found by package target. Ten times a second a watcher asks who is there (roster), what moves (package
// threads), what the sockets say (requests), what the workers say of themselves (heartbeat) and what bounds them (limits).
// Where something is strange (attention), a witness looks closer: twice at each thread, and at what is behind its wait
// (waits).
//
// It changes nothing in what it watches (no ptrace, no signal, no pause) and explains nothing: it records what was seen,
// and diagnose says what it means.
package probe
