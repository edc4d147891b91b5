package faults

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A journal holds the undo records of one run on disk. Its guardian holds a lock on it for as long as it lives, so
// that nobody else mends under its hands.
type journal struct{ file *os.File }

// A journalEntry is one line of a journal: the first has Boot and Mark, each other one an Add or a Drop.
type journalEntry struct {
	Boot string `json:"boot,omitempty"` // of the kernel: numbers of processes mean nothing after a restart
	Mark string `json:"mark,omitempty"` // environment entry of the server's processes
	Add  *undo  `json:"add,omitempty"`
	Drop string `json:"drop,omitempty"`
}

// StateDir is the folder for what hangtime keeps between runs: $XDG_STATE_HOME/hangtime, by default
// ~/.local/state/hangtime (XDG Base Directory Specification). It may not exist yet.
func StateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hangtime"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("where to keep recordings and the undo journal: set XDG_STATE_HOME: %w", err)
	}
	return filepath.Join(home, ".local", "state", "hangtime"), nil
}

func bootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text)), err
}

const journalSuffix = ".undo"

func createJournal(name, mark string) (*journal, error) {
	dir, err := StateDir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the undo journal: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, name+journalSuffix), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the undo journal: %w", err)
	}
	boot, err := bootID()
	if err == nil {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	j := &journal{file}
	if err == nil {
		err = j.write(journalEntry{Boot: boot, Mark: mark})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin the undo journal: %w", err), j.remove())
	}
	return j, nil
}

// write appends an entry; it returns when the entry is on the disk.
func (j *journal) write(e journalEntry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return err
	}
	return j.file.Sync()
}

// remove ends a journal of which everything is mended.
func (j *journal) remove() error { return errors.Join(os.Remove(j.file.Name()), j.file.Close()) }

// readJournal returns what a journal still has to mend, in the order in which it was added. A torn last line is of a
// harm that was never done: its record was not yet acknowledged.
func readJournal(text []byte) (head journalEntry, open []undo, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(make([]byte, 64<<10), 1<<20)
	for n := 1; lines.Scan(); n++ {
		var e journalEntry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			if n > 1 && !lines.Scan() {
				break
			}
			return head, open, fmt.Errorf("line %d: %w", n, err)
		}
		switch {
		case n == 1:
			head = e
		case e.Add != nil:
			open = append(open, *e.Add)
		case e.Drop != "":
			open = slices.DeleteFunc(open, func(u undo) bool { return u.ID == e.Drop })
		}
	}
	return head, open, lines.Err()
}
