package heartbeat

import (
	"fmt"
	"os"
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
			source := recognise(proc.FS("/proc"), os.Getpid(), int(f.Fd()), f.Name()+" (deleted)")
			if source == nil {
				t.Fatal("it was not recognised")
			}
			defer source.close()
			got := source.read(proc.FS("/proc"))
			if got == nil || got.Age < c.want || got.Age > c.want+second {
				t.Errorf("want an age of %v to %v, got %+v", c.want, c.want+second, got)
			}
		})
	}
}
