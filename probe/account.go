package probe

import (
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/threads"
)

// An account is what the kernel says of a worker's process as a whole: its line in /proc/PID/stat.
type account struct {
	file   proc.OpenFile
	last   proc.Stat     // as last read
	lastAt time.Time     // when that was
	ran    bool          // a thread ran since
	begun  bool          // the two below are known
	before time.Duration // processor time used by threads that ended before it was watched
	moved  time.Time     // when a thread that matters last ran
}

const (
	// statEvery is how often the line is read of a worker that does not run.
	statEvery = time.Second
	// statOften is the same for one that runs at every tick, and so does not stand in a stop or a wait for the disk.
	statOften = 3 * sampleEvery
)

// refresh reads the line anew at tick now; false: the process is ending. The line costs most of all to read, and
// nothing in it changes while no thread runs: not even a stop or a wait for the disk begins without a turn. So it is read
// when a turn is over, at the next tick.
func (a *account) refresh(now time.Time, line []byte, threads *threads.Process) bool {
	a.ran = a.ran || threads.Ran
	every := statEvery
	if a.ran {
		every = statOften
	}
	if turned := a.ran && !threads.Ran; !turned && now.Sub(a.lastAt) < every {
		return true
	}
	s, err := a.read(line)
	if err != nil || s.Over() {
		return false
	}
	a.last, a.lastAt, a.ran = s, now, false
	threads.Counted(s.Threads)
	return true
}

// read reads the line; buf holds it meanwhile.
func (a *account) read(buf []byte) (proc.Stat, error) {
	line, err := a.file.Read(buf)
	if err != nil {
		return proc.Stat{}, err
	}
	return proc.ParseStat(line)
}

// maxLine bounds a line of /proc/PID/stat, in bytes: 52 numbers and a name.
const maxLine = 1024
