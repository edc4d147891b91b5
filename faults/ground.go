package faults

import (
	"errors"
	"os"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A Ground is what some faults need to stand before the server starts: the disk below its log folder, the proxy in
// front of what it depends on, the pipe that it prints to. Until the fault strikes, all of it works as if it were not there.
type Ground struct {
	disk  disk
	proxy *proxy
	way   scenarios.Fault // that the proxy was made for
	pipe  *pipe
}

// A disk is a file system of our own below the server's log folder.
type disk interface {
	unmount() error // safe twice
}

// Upstream is where the server has to connect to, so that the proxy is in between: HOST:PORT; empty: there is none.
func (gr *Ground) Upstream() string {
	if gr.proxy == nil {
		return ""
	}
	return gr.proxy.listen()
}

// Stdout is what the server has to get as its standard output; nil: there is none. It is the caller's to close.
func (gr *Ground) Stdout() *os.File {
	if gr.pipe == nil {
		return nil
	}
	return gr.pipe.theirs
}

// Close takes everything away; the server has to have ended. It is safe twice.
func (gr *Ground) Close() error {
	var errs []error
	if gr.pipe != nil {
		errs = append(errs, gr.pipe.close())
	}
	if gr.proxy != nil {
		errs = append(errs, gr.proxy.close())
	}
	if gr.disk != nil {
		errs = append(errs, gr.disk.unmount())
	}
	return errors.Join(errs...)
}
