package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/scenarios"
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

// stall stops reading what the server prints, as a stuck log collector does. The writer is woken by the end of
// hangtime: its pipe breaks.
type stall struct{ pipe *pipe }

func prepareStall(_ scenarios.Fault, field Field, _ *Guardian) (harm, error) {
	if field.Ground == nil || field.Ground.pipe == nil {
		return nil, errors.New("the server's standard output is not a pipe that hangtime reads")
	}
	return stall{field.Ground.pipe}, nil
}

func (stall) aim(_ context.Context) ([]target, error) {
	return []target{{words: "the reader of the server's standard output"}}, nil
}

func (s stall) strike(context.Context, target) (effect, error) {
	s.pipe.hold()
	return effect{pid: os.Getpid(), detail: fmt.Sprintf("nobody reads the pipe of %d bytes", pipeSize),
		heal: func() (string, error) {
			s.pipe.release()
			return "", nil
		}}, nil
}
