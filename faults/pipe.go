package faults

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// pipeSize is the smallest that a pipe can be made, so that it fills in moments: F_SETPIPE_SZ of fcntl(2).
const pipeSize = 4096

// A pipe is the server's standard output; hangtime reads it, as a supervisor or a log collector does, unless it is
// told to stop.
type pipe struct {
	theirs, ours *os.File
	ended        chan struct{} // closed when the reader is gone

	mu     sync.Mutex
	stall  chan struct{} // closed when reading may go on; nil: nothing is in the way
	closed bool
}

func newPipe() (*pipe, error) {
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if _, err := unix.FcntlInt(theirs.Fd(), unix.F_SETPIPE_SZ, pipeSize); err != nil {
		return nil, errors.Join(fmt.Errorf("make a small pipe: %w", err), ours.Close(), theirs.Close())
	}
	p := &pipe{theirs: theirs, ours: ours, ended: make(chan struct{})}
	go p.read() // ends with close
	return p, nil
}

func (p *pipe) read() {
	defer close(p.ended)
	buffer := make([]byte, 64<<10)
	for {
		p.mu.Lock()
		stall := p.stall
		p.mu.Unlock()
		if stall != nil {
			<-stall
			continue
		}
		if _, err := p.ours.Read(buffer); err != nil {
			return
		}
	}
}

// hold stops the reader after what it may be reading now.
func (p *pipe) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stall == nil && !p.closed {
		p.stall = make(chan struct{})
	}
}

func (p *pipe) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stall != nil {
		close(p.stall)
		p.stall = nil
	}
}

func (p *pipe) close() error {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.mu.Unlock()
	if again {
		return nil
	}
	p.release()
	_ = p.theirs.Close() // whoever started the server has closed it
	err := p.ours.Close()
	<-p.ended
	return err
}
