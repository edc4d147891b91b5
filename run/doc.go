// Package run conducts: it starts the server, the probe, the load and the faults of each variant in the right order,
// and ends them in the right order on every way out.
//
// It looks at nothing that they record: what it all means is for those who read the history.
package run
