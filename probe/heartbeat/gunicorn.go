package heartbeat

import (
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A gunicornFile is gunicorn's unlinked file. Up to 21.x a beat is fchmod(2), which moves the ctime. From 22.0 on it is
// utime(2) with CLOCK_MONOTONIC, which the mtime then holds; before the first beat both times are those of the file's
// making, by the clock of the day, and what counts is the ctime (gunicorn/workers/workertmp.py).
type gunicornFile struct {
	pid, fd int
	link    string
}

func (g *gunicornFile) read(fs proc.FS) *Beat {
	if !g.openIn(fs, g.pid) {
		return nil
	}
	var st unix.Statx_t
	// DONT_SYNC: what the kernel knows already; a file system that hangs is not asked.
	err := unix.Statx(unix.AT_FDCWD, descriptor(fs, g.pid, g.fd), unix.AT_STATX_DONT_SYNC,
		unix.STATX_MTIME|unix.STATX_CTIME, &st)
	if err != nil {
		return nil
	}
	const tenYears = 10 * 365 * 86400 // seconds: no machine has been up for so long, and no clock stands before 1980
	age := time.Since(time.Unix(st.Ctime.Sec, int64(st.Ctime.Nsec)))
	if st.Mtime.Sec > 0 && st.Mtime.Sec < tenYears {
		age = clock.Monotonic() - time.Duration(st.Mtime.Sec)*time.Second - time.Duration(st.Mtime.Nsec)
	}
	return &Beat{Heartbeat: history.Heartbeat{PID: g.pid, Age: max(age, 0)}}
}

func (g *gunicornFile) close() {}

// openIn says whether a process has the file open by the same number: a fork leaves the numbers as they are.
func (g *gunicornFile) openIn(fs proc.FS, pid int) bool {
	link, err := fs.Descriptor(pid, g.fd).Link()
	return err == nil && link == g.link
}

// maxKin bounds how many processes of the same parent are asked whether they have the file.
const maxKin = 1024

// isOwn says whether the file is this worker's heartbeat. Its parent makes it just before the fork and keeps it open to
// look at it. So it is another's where an older child of the parent has it (dirty workers inherit those before them, and so
// does a dirty arbiter that was started again), and where the parent does not have it: that of a dirty arbiter's own worker,
// which is there a moment before that worker is (gunicorn/dirty/arbiter.py, from 25.0 on). The workers of the reference
// server inherit none.
func (g *gunicornFile) isOwn(fs proc.FS) bool {
	own, err := fs.Stat(g.pid)
	if err != nil || strings.Contains(g.link, "/wgunicorn-hangtime-") {
		return err == nil
	}
	kin, older := own.Parent, true
	if !g.openIn(fs, own.Parent) {
		if _, err := fs.FDs(own.Parent); err == nil {
			return false
		}
		kin, older = g.pid, false // whether the parent has it may not be read
	}
	all, err := fs.Children(kin)
	if err != nil {
		return true // what may not be read speaks against nobody
	}
	for _, pid := range all[:min(len(all), maxKin)] {
		if pid == g.pid || !g.openIn(fs, pid) {
			continue
		}
		other, err := fs.Stat(pid)
		if err == nil && (!older || other.Start < own.Start || other.Start == own.Start && pid < g.pid) {
			return false
		}
	}
	return true
}
