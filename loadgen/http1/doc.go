// Package http1 is the fast engine: it sends the hits of a job in HTTP/1.1 on sockets of its own, all on one thread,
// and reads the answers with a parser of its own.
//
// It counts nothing: what became of each hit is left in the job's sink.
package http1
