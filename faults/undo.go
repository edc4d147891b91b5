package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// An undo says how one harm is mended. It is with the guardian, and on disk, before the harm exists.
type undo struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	process
	Path string `json:"path,omitempty"`
	// Back is where the processes of a control group belong.
	Back string `json:"back,omitempty"`
	// Controller of control groups.
	Controller string `json:"controller,omitempty"`
	// Old is a limit as it was: soft, hard.
	Old []uint64 `json:"old,omitempty"`
	// Until is when the guardian mends it unasked; zero: at hangtime's end.
	Until time.Time `json:"until,omitzero"`
}

// mending is how it is mended; one of a kind that a later version wrote is left as it is and told.
func (u undo) mending() mending {
	if m, ok := mendings()[u.Kind]; ok {
		return m
	}
	return mending{
		mend: func(u undo) error {
			return fmt.Errorf("undo record of kind %q: not known to this version of hangtime", u.Kind)
		},
		words: func(u undo) string { return u.Kind },
	}
}

func (u undo) String() string { return u.mending().words(u) }

func (u undo) releases() bool { return u.mending().releases }

func (u undo) survives() bool { return u.mending().survives }

func (u undo) mend() error { return u.mending().mend(u) }

// How long one step of mending may take. Everything together has to fit into the 2 s that a killed hangtime may leave
// traces.
const (
	endLimit      = 1500 * time.Millisecond
	continueLimit = time.Second
	removeLimit   = time.Second
	step          = 10 * time.Millisecond
)

// resume continues a stopped process and waits until it is no longer stopped.
func resume(p process) error {
	err := p.signal(unix.SIGCONT)
	for deadline := time.Now().Add(continueLimit); err == nil; time.Sleep(step) {
		var s status
		if s, err = p.status(); err == nil && s.stat.State != 'T' {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("pid %d is still stopped %v after SIGCONT", p.PID, continueLimit)
		}
	}
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// folderPrefix marks the folders that hangtime makes for its runs: no other is ever removed.
const folderPrefix = "hangtime-run-"

func removeFolder(path string) error {
	if !filepath.IsAbs(path) || !strings.HasPrefix(filepath.Base(path), folderPrefix) {
		return fmt.Errorf("%s is not a run's folder: not removed", path)
	}
	// Something that is just ending may still put a file there: it is tried until the folder stays away.
	var err error
	for deadline := time.Now().Add(removeLimit); time.Now().Before(deadline); time.Sleep(step) {
		if err = os.RemoveAll(path); err == nil {
			return nil
		}
	}
	return err
}
