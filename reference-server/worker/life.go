package worker

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A life is what the request side goes on by.
type life struct {
	alive atomic.Bool
	wake  int // eventfd: the request side looks at alive
}

func newLife() (*life, error) {
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("make the wake-up descriptor: %w", err)
	}
	return &life{wake: wake}, nil
}

// rouse makes the request side turn.
func (l *life) rouse() {
	one := [8]byte{1}
	_, _ = unix.Write(l.wake, one[:]) // it fails only when the counter is full, and then the request side is awake
}

// leave makes the request side end after what it is doing.
func (l *life) leave() {
	l.alive.Store(false)
	l.rouse()
}
