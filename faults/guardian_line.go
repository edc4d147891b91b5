package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// roleGuardian is the role of the guardian's process.
const roleGuardian = "guardian"

// What hangtime asks of its guardian.
const (
	askAdd   = "add"   // hold this record
	askDrop  = "drop"  // it was mended
	askClose = "close" // mend everything and end
)

type question struct {
	Ask    string `json:"ask"`
	Record undo   `json:"record,omitzero"`
}

type reply struct {
	Error string `json:"error,omitempty"`
}

// How long the guardian may take to answer: it writes to a disk, and at its end it mends.
const (
	answerLimit = 5 * time.Second
	closeLimit  = 10 * time.Second
)

// errNoGuardian is a guardian's process that was killed, or that does not answer.
var errNoGuardian = errors.New("the guardian is gone")

// A line leads to one process that is a guardian. Whoever asks holds the Guardian's lock.
type line struct {
	name    string // of its journal
	cmd     *exec.Cmd
	ended   chan struct{} // closed when it was waited for
	in, out *os.File
	replies *json.Decoder
}

// startLine starts a guardian's process and returns when it is ready. gone is told its end, on a goroutine of the line.
func startLine(ctx context.Context, mark string, gone func(*line)) (*line, error) {
	l := &line{name: journalName(), ended: make(chan struct{})}
	var err error
	if l.cmd, err = inRole(roleGuardian, l.name, mark); err != nil {
		return nil, err
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), ourOut.Close())
	}
	l.in, l.out, l.replies = ourOut, ourIn, json.NewDecoder(ourIn)
	l.cmd.Dir = "/" // or it would keep a folder or a mount busy
	l.cmd.Stdin, l.cmd.Stdout = theirIn, theirOut
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = l.cmd.Start()
	_ = theirIn.Close()
	_ = theirOut.Close()
	if err != nil {
		return nil, errors.Join(err, l.in.Close(), l.out.Close())
	}
	go func() { // ends with the process
		_ = l.cmd.Wait() // what it could not mend it says in its last answer
		close(l.ended)
		gone(l)
	}()
	stop := context.AfterFunc(ctx, func() { _ = l.out.SetReadDeadline(time.Now()) })
	err = l.answered(answerLimit)
	if !stop() && err != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, l.end())
	}
	return l, nil
}

// journalName is one that no other run has.
func journalName() string { return time.Now().UTC().Format("20060102-150405-") + token() }

// ask asks and waits for the answer: errNoGuardian (wrapped) where none comes, else what the guardian says.
func (l *line) ask(q question, limit time.Duration) error {
	text, err := json.Marshal(q)
	if err != nil {
		return err
	}
	_ = l.in.SetWriteDeadline(time.Now().Add(limit)) // a pipe has deadlines
	if _, err := l.in.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("%w: %w", errNoGuardian, err)
	}
	return l.answered(limit)
}

func (l *line) answered(limit time.Duration) error {
	_ = l.out.SetReadDeadline(time.Now().Add(limit))
	var r reply
	if err := l.replies.Decode(&r); err != nil {
		return fmt.Errorf("%w: %w", errNoGuardian, err)
	}
	if r.Error != "" {
		return errors.New(r.Error)
	}
	return nil
}

// end lets the process end, which mends first what it holds, and waits for it.
func (l *line) end() error {
	_ = l.in.Close() // the end of the pipe is the guardian's word to mend and go
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	var err error
	select {
	case <-l.ended:
	case <-limit.C:
		err = fmt.Errorf("the guardian (pid %d) did not end within %v", l.cmd.Process.Pid, closeLimit)
		_ = l.cmd.Process.Kill()
		<-l.ended
	}
	return errors.Join(err, l.out.Close())
}

// cut kills the process before it can mend anything: one that was only stopped would do it later, under the hands of
// its successor.
func (l *line) cut() {
	_ = l.cmd.Process.Kill()
	<-l.ended
	_ = l.in.Close()
	_ = l.out.Close()
}

// forget removes the journal of a process that is gone, and of which somebody else holds all records.
func (l *line) forget() error {
	dir, err := StateDir()
	if err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, l.name+journalSuffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
