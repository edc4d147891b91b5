package faults

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Guardian is hangtime's hold on a process of its own session that mends everything when hangtime ends, kill -9
// included. Any goroutine may use it.
type Guardian struct {
	mark  string
	cmd   *exec.Cmd
	ended chan struct{} // closed when it was waited for

	mu      sync.Mutex // one question at a time
	in, out *os.File
	replies *json.Decoder
	closed  bool
	next    int
}

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

// StartGuardian starts the process and returns when it is ready. ctx bounds the start only.
func StartGuardian(ctx context.Context) (*Guardian, error) {
	name := time.Now().UTC().Format("20060102-150405-") + token()
	g := &Guardian{mark: markName + "=" + name, ended: make(chan struct{})}
	var err error
	if g.cmd, err = inRole(roleGuardian, name, g.mark); err != nil {
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
	g.in, g.out, g.replies = ourOut, ourIn, json.NewDecoder(ourIn)
	g.cmd.Dir = "/" // or it would keep a folder or a mount busy
	g.cmd.Stdin, g.cmd.Stdout = theirIn, theirOut
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = g.cmd.Start()
	_ = theirIn.Close()
	_ = theirOut.Close()
	if err != nil {
		return nil, errors.Join(err, g.in.Close(), g.out.Close())
	}
	go func() { // ends with the process; Close waits for it
		_ = g.cmd.Wait() // what it could not mend it says in its last answer
		close(g.ended)
	}()
	stop := context.AfterFunc(ctx, func() { _ = g.out.SetReadDeadline(time.Now()) })
	err = g.answered(answerLimit)
	if !stop() && err != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, g.abandon())
	}
	return g, nil
}

func token() string {
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	return hex.EncodeToString(random[:])
}

// Mark is the environment entry that the server's processes are to be started with: by it the guardian knows those
// that have lost their parent.
func (g *Guardian) Mark() string { return g.mark }

// TempDir makes a folder that is gone at the end of hangtime, whatever the end.
func (g *Guardian) TempDir() (string, error) {
	// As the kernel names it: what is mounted below is looked for in the kernel's own list.
	base, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil {
		return "", fmt.Errorf("the folder for temporary files: %w", err)
	}
	dir := filepath.Join(base, folderPrefix+token())
	if _, err := g.add(undo{Kind: undoFolder, Path: dir}); err != nil {
		return "", err
	}
	return dir, os.Mkdir(dir, 0o700)
}

// Adopt makes a server known, by its arbiter; with it and all that descends from it will be ended.
func (g *Guardian) Adopt(pid int) error {
	p, err := identify(pid)
	if err != nil {
		return fmt.Errorf("adopt: %w", err)
	}
	_, err = g.add(undo{ID: adopted(pid), Kind: undoServer, process: p})
	return err
}

// Forget says that a server was ended in order.
func (g *Guardian) Forget(pid int) {
	_ = g.drop(adopted(pid)) // where the guardian is gone there is nothing to forget
}

func adopted(pid int) string { return fmt.Sprint("server ", pid) }

// add returns when the record is with the guardian and on disk; only then may the harm be done.
func (g *Guardian) add(u undo) (id string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next++
	if u.ID == "" {
		u.ID = fmt.Sprint(u.Kind, " ", g.next)
	}
	if err := g.ask(question{askAdd, u}, answerLimit); err != nil {
		return "", fmt.Errorf("make the guardian know how to %s: %w", u, err)
	}
	return u.ID, nil
}

func (g *Guardian) drop(id string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ask(question{askDrop, undo{ID: id}}, answerLimit)
}

// ask is called with mu held.
func (g *Guardian) ask(q question, limit time.Duration) error {
	if g.closed {
		return errors.New("the guardian was closed")
	}
	line, err := json.Marshal(q)
	if err != nil {
		return err
	}
	_ = g.in.SetWriteDeadline(time.Now().Add(limit)) // a pipe has deadlines
	if _, err := g.in.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("the guardian is gone: %w", err)
	}
	return g.answered(limit)
}

func (g *Guardian) answered(limit time.Duration) error {
	_ = g.out.SetReadDeadline(time.Now().Add(limit))
	var r reply
	if err := g.replies.Decode(&r); err != nil {
		return fmt.Errorf("the guardian does not answer: %w", err)
	}
	if r.Error != "" {
		return errors.New(r.Error)
	}
	return nil
}

// Close has everything mended and ends the guardian. The error says what could not be mended; `hangtime undo` tries
// it again. It is safe twice.
func (g *Guardian) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	err := g.ask(question{Ask: askClose}, closeLimit)
	if err != nil {
		err = fmt.Errorf("not everything was mended (`hangtime undo` tries again): %s",
			strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return errors.Join(err, g.abandon())
}

// abandon ends the guardian's process and waits for it.
func (g *Guardian) abandon() error {
	g.closed = true
	_ = g.in.Close() // the end of the pipe is the guardian's word to mend and go
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	var err error
	select {
	case <-g.ended:
	case <-limit.C:
		err = fmt.Errorf("the guardian (pid %d) did not end within %v", g.cmd.Process.Pid, closeLimit)
		_ = g.cmd.Process.Kill()
		<-g.ended
	}
	return errors.Join(err, g.out.Close())
}
