package faults

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// Replayed is what became of one journal.
type Replayed struct {
	Journal string
	Busy    bool     // its run is still under way: nothing was touched
	Mended  []string // in words
	Left    []string // what could not be mended, with the reason
}

// Text prints it.
func (r Replayed) Text(out io.Writer) {
	if r.Busy {
		fmt.Fprintf(out, "%s: its run is under way, nothing was touched\n", r.Journal)
		return
	}
	fmt.Fprintln(out, r.Journal)
	for _, what := range r.Mended {
		fmt.Fprintln(out, "  mended:", what)
	}
	for _, what := range r.Left {
		fmt.Fprintln(out, "  not mended:", what)
	}
}

// Replay mends what the journals of runs that were killed together with their guardian still hold. A journal of which
// all is mended is removed.
func Replay() ([]Replayed, error) {
	dir, err := StateDir()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"+journalSuffix))
	if err != nil {
		return nil, err
	}
	var all []Replayed
	var errs []error // one that cannot be read must not keep the others from being mended
	for _, path := range files {
		one, err := replay(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // its guardian has just mended everything
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("undo journal %s: %w", path, err))
			continue
		}
		all = append(all, one)
	}
	return all, errors.Join(errs...)
}

func replay(path string) (Replayed, error) {
	out := Replayed{Journal: path}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return out, err
	}
	defer file.Close()
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		out.Busy = true
		return out, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return out, err
	}
	head, open, err := readJournal(text)
	if err != nil {
		return out, err
	}
	boot, err := bootID()
	if err != nil {
		return out, err
	}
	w := &undoList{family: newFamily(head.Mark), open: open,
		mended: func(u undo) { out.Mended = append(out.Mended, u.String()) }}
	if boot != head.Boot {
		// Processes and their numbers did not survive the restart; files did.
		w.family = newFamily("")
		w.open = slices.DeleteFunc(w.open, func(u undo) bool { return !u.survives() })
	}
	for _, err := range w.mendAll() {
		out.Left = append(out.Left, err.Error())
	}
	if len(out.Left) > 0 {
		return out, nil
	}
	return out, os.Remove(path)
}
