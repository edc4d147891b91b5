package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A helper is a process that holds a fault up and whose end undoes it: the kernel frees what it held.
// It ends when its standard input does, and is killed when hangtime dies.
type helper struct {
	process
	in    *os.File
	lines chan string
	ended chan struct{} // closed when it was waited for and its output read
}

// startHelper starts hangtime in a role.
func startHelper(role string, args ...string) (*helper, error) {
	cmd, err := inRole(role, args...)
	if err != nil {
		return nil, err
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), in.Close())
	}
	cmd.Stdin, cmd.Stdout = theirIn, theirOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	h := &helper{in: in, lines: make(chan string, 16), ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The parent-death signal is bound to the thread that forked: it has to live as long as the helper. Never
		// unlocked, it ends with this goroutine.
		runtime.LockOSThread()
		err := cmd.Start()
		_ = theirIn.Close()
		_ = theirOut.Close()
		started <- err
		if err != nil {
			return
		}
		h.read(out)
		_ = cmd.Wait() // why it failed it says in a line
		close(h.ended)
	}()
	if err := <-started; err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	if h.process, err = identify(cmd.Process.Pid); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return h, nil
}

func (h *helper) read(out *os.File) {
	defer out.Close()
	defer close(h.lines)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		select {
		case h.lines <- lines.Text():
		default: // nobody waits for more than a few words
		}
	}
}

// tell writes a line to it.
func (h *helper) tell(line string) error {
	_, err := h.in.WriteString(line + "\n")
	return err
}

// line waits for what it says next.
func (h *helper) line(ctx context.Context) (string, error) {
	select {
	case line, ok := <-h.lines:
		if !ok {
			return "", errors.New("its helper ended without a word")
		}
		return strings.TrimSpace(line), nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// await waits for the line that says that it did what it was told; any other line is its reason why not.
func (h *helper) await(ctx context.Context, want string) error {
	line, err := h.line(ctx)
	if err == nil && line != want {
		err = errors.New(line)
	}
	return err
}

// release lets it end, kills it if it does not, and waits. It is safe twice.
func (h *helper) release() error {
	_ = h.in.Close()
	const patience = 500 * time.Millisecond
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-h.ended:
		return nil
	case <-t.C:
	}
	if err := h.process.end(deathLimit); err != nil {
		return fmt.Errorf("end the helper: %w", err)
	}
	<-h.ended
	return nil
}
