package faults

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// A Guardian is hangtime's hold on a process of its own session that mends everything when hangtime ends, kill -9
// included. hangtime keeps the same list: where that process is killed, another takes its place, and where none can,
// hangtime mends by itself. Any goroutine may use it.
type Guardian struct {
	mark string
	lost chan struct{} // closed when there is no process and there will be none

	mu     sync.Mutex // one question at a time
	line   *line      // to the last process
	gone   bool       // that one was killed, and there will be no other
	held   []undo     // all that is to be mended, in the order in which it was added
	began  int        // processes, so far
	closed bool
	next   int
}

// mostGuardians is how many processes are started for one run: whoever kills them one after the other means it.
const mostGuardians = 5

// StartGuardian starts the process and returns when it is ready. ctx bounds the start only.
func StartGuardian(ctx context.Context) (*Guardian, error) {
	g := &Guardian{mark: markName + "=" + journalName(), lost: make(chan struct{}), began: 1}
	g.mu.Lock()
	defer g.mu.Unlock()
	var err error
	if g.line, err = startLine(ctx, g.mark, g.ended); err != nil {
		return nil, err
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

// Lost is closed when the guardian's process was killed and no other could be started: a run must end then, for a
// kill -9 of hangtime would leave what it broke.
func (g *Guardian) Lost() <-chan struct{} { return g.lost }

// ErrLost is why a run ends whose guardian was lost.
var ErrLost = errors.New("the guardian, which would mend after a kill of hangtime, was killed, and no other could be started")

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
	_ = g.drop(adopted(pid)) // at worst it is ended twice
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
	if err := g.ask(question{askAdd, u}); err != nil {
		return "", fmt.Errorf("make the guardian know how to %s: %w", u, err)
	}
	g.held = append(g.held, u)
	return u.ID, nil
}

func (g *Guardian) drop(id string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = slices.DeleteFunc(g.held, func(u undo) bool { return u.ID == id })
	if g.gone && !g.closed {
		return nil // nobody else holds it
	}
	return g.ask(question{askDrop, undo{ID: id}})
}

// ask asks the guardian, and where it is gone its successor. It is called with mu held.
func (g *Guardian) ask(q question) error {
	if g.closed {
		return errors.New("the guardian was closed")
	}
	if g.gone {
		return ErrLost
	}
	err := g.line.ask(q, answerLimit)
	if !errors.Is(err, errNoGuardian) {
		return err
	}
	if g.replace(); g.gone {
		return ErrLost
	}
	return g.line.ask(q, answerLimit)
}

// ended is told that a guardian's process has ended.
func (g *Guardian) ended(l *line) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed && !g.gone && g.line == l {
		g.replace()
	}
}

// replace puts another process in the place of one that was killed or that does not answer, and gives it all records.
// The journal of the old one stays until the new one has them in its own. It is called with mu held.
func (g *Guardian) replace() {
	old := g.line
	old.cut()
	next, err := g.successor()
	if err != nil {
		g.gone = true
		close(g.lost)
		return
	}
	g.line = next
	_ = old.forget() // at worst `hangtime undo` mends it twice
}

// successor is another process, which holds all records.
func (g *Guardian) successor() (*line, error) {
	if g.began >= mostGuardians {
		return nil, ErrLost
	}
	g.began++
	next, err := startLine(context.Background(), g.mark, g.ended)
	if err != nil {
		return nil, err
	}
	for _, u := range g.held {
		if err := next.ask(question{askAdd, u}, answerLimit); err != nil {
			next.cut()
			return nil, errors.Join(err, next.forget()) // the old journal has all of them
		}
	}
	return next, nil
}

// Close has everything mended and ends the guardian. The error says what could not be mended; `hangtime undo` tries
// it again. It is safe twice.
func (g *Guardian) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	err := g.mendAll()
	if err != nil {
		err = fmt.Errorf("not everything was mended (`hangtime undo` tries again): %s",
			strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return err
}

// mendAll has the guardian mend, or does it itself where there is none. It is called with mu held.
func (g *Guardian) mendAll() error {
	if !g.gone {
		err := g.line.ask(question{Ask: askClose}, closeLimit)
		if !errors.Is(err, errNoGuardian) {
			return errors.Join(err, g.line.end())
		}
		g.line.cut()
	}
	own := &undoList{family: newFamily(g.mark), open: g.held}
	left := own.mendAll()
	if len(left) == 0 {
		left = append(left, g.line.forget())
	}
	return errors.Join(left...)
}
