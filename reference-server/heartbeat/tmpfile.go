package heartbeat

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A TempFile is gunicorn's heartbeat (up to 21.x): an unlinked file whose mode is toggled, so that its ctime is the
// last sign of life. It is a file: on a stalled disk the worker that beats it stands still.
type TempFile struct {
	file   *os.File
	toggle uint32
	last   int64
}

// CreateTemp makes the file in dir (empty: the system's directory for temporary files) and unlinks it at once. The
// name begins as gunicorn's, so that what reads gunicorn's from outside reads this one.
func CreateTemp(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "wgunicorn-hangtime-")
	if err != nil {
		return nil, fmt.Errorf("make the heartbeat's file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, fmt.Errorf("unlink the heartbeat's file: %w", err)
	}
	return f, nil
}

// NewTempFile beats f.
func NewTempFile(f *os.File) *TempFile { return &TempFile{file: f} }

// step bounds how often the file is touched, nanoseconds.
const step = int64(100 * time.Millisecond)

// Beat touches the file unless it was touched just now. Only one thread may call it.
func (t *TempFile) Beat(now int64) error {
	if now-t.last < step {
		return nil
	}
	t.last = now
	t.toggle ^= 1
	return unix.Fchmod(int(t.file.Fd()), t.toggle)
}

// Age is how long ago the file was touched.
func Age(f *os.File, now time.Time) (time.Duration, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return 0, fmt.Errorf("read the heartbeat's file: %w", err)
	}
	return now.Sub(time.Unix(st.Ctim.Unix())), nil
}
