package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// reniceHarm lowers the priority of every thread of a process to the least, as a batch job that was started with nice is:
// setpriority(2), nice value +19. It is a harm only where others want the processors, and only among the processes of
// one session where the kernel groups them so (sched(7), autogroup).
type reniceHarm struct {
	choice
	guardian *Guardian
}

const leastNice = 19

func prepareRenice(f scenarios.Fault, field Field, g *Guardian) (harm, error) {
	c, err := newChoice(f, field)
	if err == nil {
		err = canRaise(field.Arbiter, niceOf(field.Arbiter)) // its workers have its own, unless they chose another
	}
	return reniceHarm{c, g}, err
}

// possibleRenice asks of our own limit what holds for a server that we start; that of one that runs already is asked
// when its processes are known.
func possibleRenice(_ scenarios.Fault, s scenarios.Server) error {
	if !scenarios.ServerKindOf(s.Kind).Started {
		return nil
	}
	return canRaise(os.Getpid(), niceOf(os.Getpid()))
}

func (r reniceHarm) strike(ctx context.Context, at target) (effect, error) {
	old, err := priorities(at.victim)
	if err != nil {
		return effect{}, err
	}
	worst := leastNice
	record := undo{Kind: undoNice, process: at.victim, Until: time.Now().Add(Longest + spare)}
	for tid, raw := range old {
		record.Old = append(record.Old, uint64(tid), uint64(raw)) // #nosec: neither is negative
		worst = min(worst, 20-raw)
	}
	if err := canRaise(at.victim.PID, worst); err != nil {
		return effect{}, err
	}
	id, err := r.guardian.add(record)
	if err != nil {
		return effect{}, err
	}
	heal := func() (string, error) {
		how := ""
		if !at.victim.alive() {
			how = "the process is gone"
		}
		if err := setPriorities(context.Background(), at.victim, old[at.victim.PID], old); err != nil {
			return "", err
		}
		_ = r.guardian.drop(id) // a second time would do no harm
		return how, nil
	}
	if err := setPriorities(ctx, at.victim, 20-leastNice, nil); err != nil {
		_, undone := heal()
		return effect{}, errors.Join(err, undone)
	}
	return effect{pid: at.victim.PID, detail: fmt.Sprintf("nice value %d on each of %d threads (before: %d)", leastNice,
		len(old), 20-old[at.victim.PID]), heal: heal}, nil
}

// undoNice gives a process its nice values back; Old has pairs: a thread's number and what getpriority(2) gives for
// it as a system call, 20 minus its nice value.
var undoNice = mendedBy("give-priority", mending{
	says: func(u undo) string { return fmt.Sprintf("give the threads of pid %d their priority back", u.PID) },
	mend: mendNice,
})

// mendNice is what the guardian does of it.
func mendNice(u undo) error {
	old := map[int]int{}
	for i := 0; i+1 < len(u.Old); i += 2 {
		old[int(u.Old[i])] = int(u.Old[i+1]) // #nosec: they were written from int
	}
	usual, ok := old[u.PID]
	if !ok || len(u.Old)%2 != 0 {
		return fmt.Errorf("undo record %s: want each thread with its old priority, its first thread among them", u.ID)
	}
	return setPriorities(context.Background(), u.process, usual, old)
}

// mostThreads bounds what is done to one process.
const mostThreads = 4096

// priorities are those of each thread, 20 minus its nice value.
func priorities(p process) (map[int]int, error) {
	all, err := threadsOf(p)
	if err != nil {
		return nil, err
	}
	old := map[int]int{}
	for _, tid := range all {
		raw, err := unix.Getpriority(unix.PRIO_PROCESS, tid)
		if errors.Is(err, unix.ESRCH) {
			continue // a thread that has ended
		}
		if err != nil {
			return nil, fmt.Errorf("read the priority of thread %d: %w", tid, err)
		}
		old[tid] = raw
	}
	if _, ok := old[p.PID]; !ok {
		return nil, errGone
	}
	return old, nil
}

// setPriorities gives each thread its own of each, else the usual one, and returns when all of them have it: a thread
// that was started meanwhile has that of the one which started it. A process that is gone needs none.
func setPriorities(ctx context.Context, p process, usual int, each map[int]int) error {
	for deadline := time.Now().Add(continueLimit); ; {
		now, err := priorities(p)
		if errors.Is(err, errGone) {
			return nil
		}
		if err != nil {
			return err
		}
		left := 0
		for tid, raw := range now {
			want, ok := each[tid]
			if !ok {
				want = usual
			}
			if raw == want {
				continue
			}
			left++
			if err := unix.Setpriority(unix.PRIO_PROCESS, tid, 20-want); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("give thread %d of pid %d the nice value %d: %w", tid, p.PID, 20-want, err)
			}
		}
		switch {
		case left == 0:
			return nil
		case time.Now().After(deadline) || ctx.Err() != nil:
			return fmt.Errorf("%d threads of pid %d did not have their priority in time", left, p.PID)
		}
	}
}

// threadsOf are the numbers of a process's threads.
func threadsOf(p process) ([]int, error) {
	if !p.alive() {
		return nil, errGone
	}
	dir, err := os.Open(fmt.Sprintf("/proc/%d/task", p.PID))
	if errors.Is(err, os.ErrNotExist) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(mostThreads + 1)
	if errors.Is(err, unix.ESRCH) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	if len(names) > mostThreads {
		return nil, fmt.Errorf("pid %d has over %d threads: too many to be given their priority back one by one", p.PID,
			mostThreads)
	}
	all := make([]int, 0, len(names))
	for _, name := range names {
		if tid, err := strconv.Atoi(name); err == nil {
			all = append(all, tid)
		}
	}
	return all, nil
}

// niceOf is the nice value of a process's first thread; 0 where it cannot be read.
func niceOf(pid int) int {
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, pid)
	if err != nil {
		return 0
	}
	return 20 - raw
}

// canRaise says why the nice value of a process could not be lowered to nice again: anybody may raise it, and for the
// way back the kernel wants CAP_SYS_NICE in its own user namespace, or that the process's RLIMIT_NICE allows it, which
// is 20 minus the lowest nice value (can_nice in kernel/sched/syscalls.c; getrlimit(2)).
func canRaise(pid, nice int) error {
	whole := strings.Fields(readSetting("/proc/self/uid_map")) // 0 0 4294967295: the first namespace
	if hasCapability(unix.CAP_SYS_NICE) && len(whole) == 3 && whole[2] == "4294967295" {
		return nil
	}
	var limit unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NICE, nil, &limit); err != nil {
		return fmt.Errorf("read the limit of the nice value of pid %d: %w", pid, err)
	}
	if limit.Cur < uint64(20-nice) { // #nosec: nice is at most 19
		return fmt.Errorf("needs the right to give pid %d its nice value %d back (root, CAP_SYS_NICE, or ulimit -e %d for the server)", pid, nice, 20-nice)
	}
	return nil
}
