package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// fileLimitHarm lowers how many files a process may have open to what it has, as a leak does: prlimit(2), RLIMIT_NOFILE.
type fileLimitHarm struct {
	choice
	more     int
	guardian *Guardian
}

func prepareFiles(f scenarios.Fault, field Field, g *Guardian) (harm, error) {
	c, err := newChoice(f, field)
	return fileLimitHarm{c, f.Files, g}, err
}

func (l fileLimitHarm) strike(_ context.Context, at target) (effect, error) {
	old, err := filesOf(at.victim)
	if err != nil {
		return effect{}, err
	}
	used, err := openFiles(at.victim.PID)
	if err != nil {
		return effect{}, err
	}
	limit := roomFor(used, l.more)
	if limit > old.Cur {
		return effect{}, fmt.Errorf("pid %d may have file numbers below %d only, and the fault would allow those below %d", at.victim.PID, old.Cur, limit)
	}
	id, err := l.guardian.add(undo{Kind: undoFiles, process: at.victim, Old: []uint64{old.Cur, old.Max},
		Until: time.Now().Add(Longest + spare)})
	if err != nil {
		return effect{}, err
	}
	heal := func() (string, error) {
		how := ""
		if !at.victim.alive() {
			how = "the process is gone"
		}
		if err := allowFiles(at.victim, old.Cur, old.Max); err != nil {
			return "", err
		}
		_ = l.guardian.drop(id) // a second time would do no harm
		return how, nil
	}
	err = unix.Prlimit(at.victim.PID, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: old.Max}, nil)
	var now unix.Rlimit
	if err == nil {
		now, err = filesOf(at.victim)
	}
	if err == nil && now.Cur != limit {
		err = fmt.Errorf("the kernel shows a limit of %d after %d was set", now.Cur, limit)
	}
	if err != nil {
		_, undone := heal()
		return effect{}, errors.Join(fmt.Errorf("limit the open files of pid %d: %w", at.victim.PID, err), undone)
	}
	return effect{pid: at.victim.PID, detail: fmt.Sprintf("file numbers below %d only (before: %d)", limit, old.Cur),
		heal: heal}, nil
}

func filesOf(p process) (unix.Rlimit, error) {
	var old unix.Rlimit
	if !p.alive() {
		return old, errGone
	}
	err := unix.Prlimit(p.PID, unix.RLIMIT_NOFILE, nil, &old)
	if errors.Is(err, unix.ESRCH) {
		return old, errGone
	}
	return old, err
}

// openFiles are the numbers of a process's open files.
func openFiles(pid int) (map[int]bool, error) {
	fds, err := procFS.FDs(pid)
	used := map[int]bool{}
	for _, fd := range fds {
		used[fd] = true
	}
	return used, err
}

// roomFor is the limit under which so many more can be opened: the kernel gives a new file the lowest free number and
// compares that with the limit; those above it stay open.
func roomFor(used map[int]bool, more int) uint64 {
	n := 0
	for ; more > 0 || used[n]; n++ {
		if !used[n] {
			more--
		}
	}
	return uint64(n)
}

// undoFiles gives RLIMIT_NOFILE back as it was.
var undoFiles = mendedBy("allow-files", mending{
	says: func(u undo) string { return fmt.Sprintf("give pid %d its limit of open files back", u.PID) },
	mend: mendFiles,
})

func mendFiles(u undo) error {
	if len(u.Old) != 2 {
		return fmt.Errorf("undo record %s: want the old limit, soft and hard", u.ID)
	}
	return allowFiles(u.process, u.Old[0], u.Old[1])
}

// allowFiles gives a process its old limit back; one that is gone needs none.
func allowFiles(p process, soft, hard uint64) error {
	if !p.alive() {
		return nil
	}
	err := unix.Prlimit(p.PID, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: soft, Max: hard}, nil)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("give pid %d its limit of open files back: %w", p.PID, err)
	}
	now, err := filesOf(p)
	if err == nil && now.Cur != soft {
		err = fmt.Errorf("pid %d has a limit of %d open files, want %d", p.PID, now.Cur, soft)
	}
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}
