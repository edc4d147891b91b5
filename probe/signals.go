package probe

import (
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
)

// fatal are the signals that end or stop a process; others are no news of its fate.
var fatal = []unix.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGABRT, unix.SIGKILL, unix.SIGTERM, unix.SIGSTOP, unix.SIGTSTP, unix.SIGSEGV, unix.SIGBUS, unix.SIGILL, unix.SIGFPE, unix.SIGXCPU}

// faulty are those that the kernel sends in a process's own name for what it did.
var faulty = []unix.Signal{unix.SIGSEGV, unix.SIGBUS, unix.SIGILL, unix.SIGFPE, unix.SIGXCPU}

// hearSignals records the signals that were sent to workers, before their deaths are.
func (w *watcher) hearSignals() {
	if w.tap == nil {
		return
	}
	w.heard = w.tap.Since(w.heard[:0])
	for _, s := range w.heard {
		if !slices.Contains(fatal, s.Number) || s.Sender == s.PID && slices.Contains(faulty, s.Number) {
			continue
		}
		from := history.Peer{PID: s.Sender}
		switch {
		case s.Sender == os.Getpid():
			from.Command = "hangtime"
		case s.Sender != 0:
			if from.Command = w.proc.Command(s.Sender); from.Command == "" {
				from.Command = s.Name // it is gone by now
			}
		}
		w.rec.Record(history.SignalSeen{PID: s.PID, Signal: signalName(s.Number), Sender: from})
	}
}
