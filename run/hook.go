package run

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// A Hook runs a person's command once for each thing that it is told of, one at a time, in order. One goroutine owns it.
type Hook struct {
	Command string    // for sh; empty: nothing is run
	Output  io.Writer // of the command, and for what goes wrong with it
	last    chan struct{}
}

// hookLimit is how long one may take.
const hookLimit = time.Minute

// Run gives text to the command's standard input. It does not wait for it.
func (h *Hook) Run(text []byte) {
	if h.Command == "" {
		return
	}
	before, done := h.last, make(chan struct{})
	h.last = done
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		ctx, cancel := context.WithTimeout(context.Background(), hookLimit)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-c", h.Command)
		cmd.Stdin = bytes.NewReader(append(text, '\n'))
		cmd.Stdout, cmd.Stderr = h.Output, h.Output
		cmd.WaitDelay = time.Second
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(h.Output, "hangtime: --on-hang:", err)
		}
	}()
}

// Wait waits for the last one.
func (h *Hook) Wait() {
	if h.last != nil {
		<-h.last
	}
}
