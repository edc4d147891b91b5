package heartbeat

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

func TestAGunicornsFileIsReadAsItsVersionBeatsIt(t *testing.T) {
	const second = time.Second
	utime := func(t *testing.T, f *os.File, mtime time.Duration) {
		t.Helper()
		at := unix.NsecToTimespec(int64(mtime))
		if err := unix.UtimesNanoAt(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", f.Fd()), []unix.Timespec{at, at},
			0); err != nil {
			t.Fatal(err)
		}
	}
	ofDay := func(past time.Duration) time.Duration { return time.Duration(time.Now().Add(-past).UnixNano()) }
	for _, c := range []struct {
		name string
		beat func(t *testing.T, f *os.File)
		want time.Duration
	}{
		{"made, and never beaten", func(*testing.T, *os.File) {}, 0},
		{"up to 21: fchmod, long after it was made", func(t *testing.T, f *os.File) {
			utime(t, f, ofDay(time.Hour))
			if err := f.Chmod(0o001); err != nil {
				t.Fatal(err)
			}
		}, 0},
		{"from 22 on: utime, just now", func(t *testing.T, f *os.File) { utime(t, f, clock.Monotonic()) }, 0},
		{"from 22 on: the mtime counts, not the ctime",
			func(t *testing.T, f *os.File) { utime(t, f, clock.Monotonic()-7*second) }, 7 * second},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := os.CreateTemp(t.TempDir(), "wgunicorn-")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := os.Remove(f.Name()); err != nil {
				t.Fatal(err)
			}
			c.beat(t, f)
			source := &gunicornFile{pid: os.Getpid(), fd: int(f.Fd()), link: f.Name() + " (deleted)"}
			got := source.read(proc.FS("/proc"))
			if got == nil || got.Age < c.want || got.Age > c.want+second {
				t.Errorf("want an age of %v to %v, got %+v", c.want, c.want+second, got)
			}
		})
	}
}

// A file that its parent does not have is its own child's, whether that is there already or not.
func TestWhoseAGunicornsFileIs(t *testing.T) {
	const link = "/tmp/wgunicorn-x (deleted)"
	root := t.TempDir()
	children := func(pid int, list string) {
		t.Helper()
		dir := filepath.Join(root, strconv.Itoa(pid), "task", strconv.Itoa(pid))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "children"), []byte(list), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	process := func(pid, parent int, start uint64, files ...int) {
		t.Helper()
		dir := filepath.Join(root, strconv.Itoa(pid))
		if err := os.MkdirAll(filepath.Join(dir, "fd"), 0o755); err != nil {
			t.Fatal(err)
		}
		stat := fmt.Sprintf("%d (gunicorn) S %d", pid, parent)
		for field := 5; field <= 52; field++ { // proc_pid_stat(5)
			value := uint64(0)
			if field == 22 {
				value = start
			}
			stat += fmt.Sprint(" ", value)
		}
		if err := os.WriteFile(filepath.Join(dir, "stat"), []byte(stat+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, fd := range files {
			if err := os.Symlink(link, filepath.Join(dir, "fd", strconv.Itoa(fd))); err != nil {
				t.Fatal(err)
			}
		}
	}
	process(10, 1, 100, 7)  // the arbiter has the file of its worker 11
	process(11, 10, 101, 7) // a worker
	process(12, 10, 102, 7) // a younger one that has inherited it
	process(13, 10, 103, 8) // a dirty arbiter that has just made the file of a worker that is not there yet
	process(14, 10, 104, 9) // a dirty arbiter with a worker
	process(15, 14, 105, 9) // that one
	children(10, "11 12 13 14 ")
	children(14, "15 ")
	for _, pid := range []int{11, 12, 13, 15} {
		children(pid, "")
	}
	for _, row := range []struct {
		pid, fd int
		own     bool
	}{{11, 7, true}, {12, 7, false}, {13, 8, false}, {14, 9, false}, {15, 9, true}} {
		g := gunicornFile{pid: row.pid, fd: row.fd, link: link}
		if got := g.isOwn(proc.FS(root)); got != row.own {
			t.Errorf("the file of process %d is its own: %v, want %v", row.pid, got, row.own)
		}
	}
}
