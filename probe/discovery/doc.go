// Package discovery finds the server that a person means: which process is its arbiter, where it listens, who takes its
// connections, and which servers stand behind it.
package discovery
