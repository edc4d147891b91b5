package perf

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/memory"
)

// start starts a shell that does this; it ends with the test.
func start(t *testing.T, does string) int {
	t.Helper()
	command := exec.Command("sh", "-c", does)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return command.Process.Pid
}

func TestAThreadThatComputesIsInItsOwnCode(t *testing.T) {
	pid := start(t, "while :; do :; done")
	s, err := Take(pid, 10*time.Second)
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		level, _ := os.ReadFile("/proc/sys/kernel/perf_event_paranoid")
		t.Logf("it may not be seen here: %v (kernel.perf_event_paranoid %s)", err, level)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	word := make([]byte, 8)
	if err := memory.Read(pid, s.PC, word); err != nil || s.SP%8 != 0 || s.SP == 0 {
		t.Errorf("it was at %#x with its stack at %#x: %v", s.PC, s.SP, err)
	}
	if len(s.Stack) < 256 {
		t.Errorf("%d bytes of its stack: the environment alone is more", len(s.Stack))
	}
	if err := memory.Read(pid, s.SP+uint64(len(s.Stack))-8, word); err != nil {
		t.Errorf("the end of what was read of its stack: %v", err)
	}
}

func TestAThreadThatSleepsIsNowhere(t *testing.T) {
	pid := start(t, "exec sleep 1000")
	var err error
	for range 1000 { // it starts first
		if _, err = Take(pid, 20*time.Millisecond); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrAsleep) && !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EPERM) {
		t.Errorf("of a program that sleeps: %v", err)
	}
	if _, err := Take(1<<30, time.Second); err == nil {
		t.Error("a thread that is not there was seen")
	}
}

func FuzzParse(f *testing.F) {
	record := func(kind uint32, body ...uint64) (b []byte) {
		b = binary.NativeEndian.AppendUint32(b, kind)
		b = binary.NativeEndian.AppendUint32(b, uint32(8+8*len(body))<<16)
		for _, word := range body {
			b = binary.NativeEndian.AppendUint64(b, word)
		}
		return b
	}
	sample := record(unix.PERF_RECORD_SAMPLE, unix.PERF_SAMPLE_REGS_ABI_64, 1, 2, 3, 16, 4, 5, 8)
	f.Add(sample, uint64(len(sample)))
	f.Add(append(record(unix.PERF_RECORD_THROTTLE, 1, 2, 3), sample...), uint64(1000))
	f.Add(record(unix.PERF_RECORD_SAMPLE, unix.PERF_SAMPLE_REGS_ABI_64, 1, 2, 3, 1<<60), uint64(100))
	f.Fuzz(func(t *testing.T, ring []byte, head uint64) {
		s, err := parse(ring, head)
		if err != nil && s.Stack != nil || len(s.Stack) > len(ring) {
			t.Errorf("%+v %v", s, err)
		}
	})
}

func TestParse(t *testing.T) {
	if !known {
		t.Skip("samples of this processor are not read")
	}
	var b []byte
	for _, word := range []uint64{9 | (8*9)<<48, unix.PERF_SAMPLE_REGS_ABI_64, 10, 20, 30, 16, 4, 5, 8} {
		b = binary.NativeEndian.AppendUint64(b, word)
	}
	s, err := parse(b, uint64(len(b)))
	if err != nil || s.FP != 10 || s.SP != 20 || s.PC != 30 || len(s.Stack) != 8 || s.Stack[0] != 4 {
		t.Errorf("%+v %v", s, err)
	}
	binary.NativeEndian.PutUint64(b[8:], unix.PERF_SAMPLE_REGS_ABI_32)
	if _, err := parse(b, uint64(len(b))); !errors.Is(err, errNone) {
		t.Errorf("a program of 32 bits: %v", err)
	}
}
