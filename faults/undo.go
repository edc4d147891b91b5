package faults

import (
	"fmt"
	"time"
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

// Kinds of undo records; they stand in journals, so a name never changes. How each is mended says mend.go.
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
	// undoNice gives a process its nice values back; Old has pairs: a thread's number and what getpriority(2) gives for
	// it as a system call, 20 minus its nice value.
	undoNice = "give-priority"
)

// String says what mending it does, for a person.
func (u undo) String() string {
	switch u.Kind {
	case undoServer, undoHelper:
		return fmt.Sprintf("end pid %d", u.PID)
	case undoContinue:
		return fmt.Sprintf("continue the stopped pid %d", u.PID)
	case undoFolder:
		return fmt.Sprintf("remove %s", u.Path)
	case undoGroup:
		return fmt.Sprintf("dissolve the control group %s", u.Path)
	case undoController:
		return fmt.Sprintf("take the %s controller away from the groups below %s", u.Controller, u.Path)
	case undoMount:
		return fmt.Sprintf("unmount %s", u.Path)
	case undoFrozen:
		return fmt.Sprintf("thaw the disk at %s", u.Path)
	case undoFiles:
		return fmt.Sprintf("give pid %d its limit of open files back", u.PID)
	case undoNice:
		return fmt.Sprintf("give the threads of pid %d their priority back", u.PID)
	}
	return u.Kind
}
