package probe

import (
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/bpf"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// fatal are the signals that end or stop a process; others are no news of its fate.
var fatal = []unix.Signal{
	unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGKILL, unix.SIGTERM, unix.SIGSTOP, unix.SIGTSTP,
	unix.SIGSEGV, unix.SIGBUS, unix.SIGILL, unix.SIGFPE, unix.SIGXCPU,
}

// faulty are those that the kernel sends in a process's own name for what it did.
var faulty = []unix.Signal{unix.SIGSEGV, unix.SIGBUS, unix.SIGILL, unix.SIGFPE, unix.SIGXCPU}

// signals records who sends the workers signals. One goroutine may use it.
type signals struct {
	fs   proc.FS
	rec  *history.Recorder
	tap  *bpf.Signals // nil: it cannot be had; then who sent a signal is inferred, and hangtime doctor says what it takes
	seen []bpf.Signal
}

func newSignals(fs proc.FS, rec *history.Recorder) *signals {
	s := &signals{fs: fs, rec: rec}
	if fs != "/proc" {
		return s // not this machine's processes
	}
	if tap, err := bpf.OpenSignals(); err == nil {
		s.tap = tap
	}
	return s
}

func (s *signals) watch(pid int) {
	if s.tap != nil {
		s.tap.Watch(pid)
	}
}

func (s *signals) forget(pid int) {
	if s.tap != nil {
		s.tap.Forget(pid)
	}
}

// read records the signals that were sent since the last call.
func (s *signals) read() {
	if s.tap == nil {
		return
	}
	s.seen = s.tap.Since(s.seen[:0])
	for _, one := range s.seen {
		if !slices.Contains(fatal, one.Number) || one.Sender == one.PID && slices.Contains(faulty, one.Number) {
			continue
		}
		from := history.Peer{PID: one.Sender}
		switch {
		case one.Sender == os.Getpid():
			from.Command = "hangtime"
		case one.Sender != 0:
			if from.Command = s.fs.Command(one.Sender); from.Command == "" {
				from.Command = one.Name // it is gone by now
			}
		}
		s.rec.Record(history.SignalSeen{PID: one.PID, Signal: signalName(one.Number), Sender: from})
	}
}

func (s *signals) close() {
	if s.tap != nil {
		s.tap.Close()
	}
}

func signalName(s unix.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", s)
}
