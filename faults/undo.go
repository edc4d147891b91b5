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

// Kinds of undo records; they stand in journals, so a name never changes.
const (
	undoServer     = "end-server" // kill the process and all that descends from it
	undoHelper     = "end-helper" // kill the process
	undoContinue   = "continue"   // SIGCONT
	undoFolder     = "remove-folder"
	undoGroup      = "dissolve-group"  // thaw it, move its processes back, remove it
	undoController = "take-controller" // of cgroup v2, which groups below another were given
	undoMount      = "unmount"
	undoFrozen     = "thaw-disk"
	undoFiles      = "allow-files" // RLIMIT_NOFILE as it was
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

func (u undo) String() string {
	switch u.Kind {
	case undoServer, undoHelper:
		return fmt.Sprintf("end pid %d", u.PID)
	case undoContinue:
		return fmt.Sprintf("continue the stopped pid %d", u.PID)
	case undoFolder:
		return "remove " + u.Path
	case undoGroup:
		return "dissolve the control group " + u.Path
	case undoController:
		return fmt.Sprintf("take the %s controller away from the groups below %s", u.Controller, u.Path)
	case undoMount:
		return "unmount " + u.Path
	case undoFrozen:
		return "thaw the disk at " + u.Path
	case undoFiles:
		return fmt.Sprintf("give pid %d its limit of open files back", u.PID)
	}
	return u.Kind
}

// How long one step of mending may take. Everything together has to fit into the 2 s that a killed hangtime may leave traces.
const (
	endLimit      = 1500 * time.Millisecond
	continueLimit = time.Second
	removeLimit   = time.Second
	step          = 10 * time.Millisecond
)

// releases says whether mending lets processes run again that could not even be killed before: that comes first.
func (u undo) releases() bool {
	return u.Kind == undoContinue || u.Kind == undoGroup || u.Kind == undoFrozen
}

// survives says whether the harm outlives a restart of the machine.
func (u undo) survives() bool { return u.Kind == undoFolder }

// mend undoes the harm and returns nil only when it was seen to be gone. It is safe twice, and on what never came to be.
func (u undo) mend() error {
	switch u.Kind {
	case undoServer, undoHelper:
		return u.process.end(endLimit)
	case undoContinue:
		return resume(u.process)
	case undoFolder:
		return removeFolder(u.Path)
	case undoGroup:
		return dissolve(u.Path, u.Back)
	case undoController:
		return takeController(u.Path, u.Controller)
	case undoMount:
		return unmount(u.Path)
	case undoFrozen:
		return thawDisk(u.Path)
	case undoFiles:
		if len(u.Old) != 2 {
			return fmt.Errorf("undo record %s: want the old limit, soft and hard", u.ID)
		}
		return allowFiles(u.process, u.Old[0], u.Old[1])
	}
	return fmt.Errorf("undo record of kind %q: not known to this version of hangtime", u.Kind)
}

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
