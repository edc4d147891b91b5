package tasks

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// errFail is how work `fail` ends.
var errFail = errors.New("the task was asked to fail")

// A workbench is what work on a thread needs.
type workbench struct {
	dir      string // of its files
	pid      int
	upstream *upstream
}

// do is the work itself, on the thread that calls it, which it blocks for as long as it takes.
func (b *workbench) do(t *Task) error {
	switch t.Work {
	case "sleep":
		return sleep(t.Duration)
	case "cpu":
		spin(t.Duration)
		return nil
	case "file":
		return b.writeFile(t)
	case "dns":
		return b.upstream.resolve(t.Duration)
	case "socket":
		return b.upstream.ask(t.Duration)
	case "fail":
		return errFail
	case "crash":
		if err := sleep(t.Duration); err != nil {
			return err
		}
		return unix.Kill(b.pid, unix.SIGKILL)
	}
	return fmt.Errorf("work %q is not for a thread", t.Work)
}

// sleep is clock_nanosleep on this very thread, as time.sleep is in Python; time.Sleep would let the thread do
// something else.
func sleep(d time.Duration) error {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return err
	}
	until := unix.NsecToTimespec(now.Nano() + int64(d))
	for {
		err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &until, nil)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// spin uses the processor for d; it counts time on the thread, so that a busy machine makes it longer, as real work.
func spin(d time.Duration) {
	var sum [sha256.Size]byte
	for until := threadTime() + int64(d); threadTime() < until; {
		for range 50 {
			sum = sha256.Sum256(sum[:])
		}
	}
}

// threadTime is the processor time of this thread, nanoseconds.
func threadTime() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		return 0
	}
	return ts.Nano()
}

// writeFile writes the task's size to a file of its own in the log directory, to the disk, and removes it.
func (b *workbench) writeFile(t *Task) error {
	path := filepath.Join(b.dir, fmt.Sprintf("task_%d_%d.tmp", b.pid, t.Number))
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { _ = os.Remove(path) }()
	chunk := make([]byte, min(max(t.Size, 1), 64<<10))
	for left := max(t.Size, 1); left > 0; left -= len(chunk) {
		chunk = chunk[:min(len(chunk), left)]
		for rest := chunk; len(rest) > 0; {
			n, err := unix.Write(fd, rest)
			if err != nil && !errors.Is(err, unix.EINTR) {
				return errors.Join(fmt.Errorf("write %s: %w", path, err), unix.Close(fd))
			}
			rest = rest[max(n, 0):]
		}
	}
	err = unix.Fsync(fd)
	return errors.Join(err, unix.Close(fd))
}
