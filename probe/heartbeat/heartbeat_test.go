package heartbeat

import (
	"encoding/binary"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/clock"
)

// memfd is a file of this process, as the reference server has one in each worker.
func memfd(t *testing.T, name string, text []byte) {
	t.Helper()
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), name)
	t.Cleanup(func() { _ = file.Close() })
	if _, err := file.Write(text); err != nil {
		t.Fatal(err)
	}
}

func TestThePageOfTheReferenceServerIsRead(t *testing.T) {
	ago := func(d time.Duration) uint64 { return uint64(clock.Monotonic() - d) }
	for _, c := range []struct {
		name string
		set  func(word func(at int, value uint64))
		none bool
	}{
		{"as it is", func(func(int, uint64)) {}, false},
		{"left open by another process", func(word func(int, uint64)) { word(pagePID, 1) }, true},
		{"not such a page", func(word func(int, uint64)) { word(0, 0) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := make([]byte, pageEnd)
			copy(text, pageMagic)
			word := func(at int, value uint64) { binary.NativeEndian.PutUint64(text[at:], value) }
			word(pageBeatAt, ago(3*time.Second))
			word(pageTurns, 7)
			word(pageInFlight, 2)
			word(pageLoopBusy, ago(5*time.Second))
			word(pagePID, uint64(os.Getpid()))
			c.set(word)
			memfd(t, "hangtime-heartbeat", text)
			m := New("/proc", os.Getpid())
			defer m.Close()
			got := m.Read(time.Now(), true)
			if c.none {
				if got != nil {
					t.Errorf("read %+v", got)
				}
				return
			}
			if got == nil {
				t.Fatal("nothing was read")
			}
			if got.PID != os.Getpid() || got.Turns != 7 || got.InFlight != 2 || got.Age < 3*time.Second ||
				got.Busy < 5*time.Second {
				t.Errorf("read %+v", got)
			}
		})
	}
}

func TestTheBeatOfAWorkerThatDoesNotRunGetsOlder(t *testing.T) {
	text := make([]byte, pageEnd)
	copy(text, pageMagic)
	word := func(at int, value uint64) { binary.NativeEndian.PutUint64(text[at:], value) }
	word(pageBeatAt, uint64(clock.Monotonic()))
	word(pageInFlight, 1)
	memfd(t, "hangtime-heartbeat", text)
	m := New("/proc", os.Getpid())
	defer m.Close()
	now := time.Now()
	first := m.Read(now, true)
	if first == nil {
		t.Fatal("nothing was read")
	}
	age := first.Age
	if next := m.Read(now.Add(400*time.Millisecond), false); next.Age != age+400*time.Millisecond {
		t.Errorf("its age is %v 400 ms after %v", next.Age, age)
	}
	if open := m.TasksFor(now.Add(time.Hour)); open < time.Hour {
		t.Errorf("its task is open for %v", open)
	}
}
