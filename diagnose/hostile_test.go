package diagnose

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hangtime-dev/hangtime/history"
)

// Paths, commands, names of threads, frames and titles are others' words: whoever shows a cause need not fear them.
func TestNothingInACauseActsOnATerminal(t *testing.T) {
	const bad = "\x1b]0;owned\a\n\u202e"
	h := script(pool(1), at(4900*ms, history.FaultAsked{ID: "a/1", Fault: "hold-lock", Path: "/x" + bad},
		history.FaultInEffect{ID: "a/1", PID: 900}, history.FaultAsked{ID: "a/2", Fault: "delay"},
		history.FaultInEffect{ID: "a/2"}), healthy(1, 101, 1*s, 5*s), backlog(5*s, 7*s),
		every(5*s+100*ms, 7*s, func(t time.Duration) []history.Event {
			th := stands(101, 101, "flock", t-5*s)
			th.Name = bad
			return []history.Event{inside(101, t-5*s), th, code(101, 101, func(st *history.Stack) {
				st.Frames, st.Request = []string{"lock" + bad, "pay" + bad}, &history.Request{Path: bad, Port: 40001}
			}), history.LockWait{PID: 101, TID: 101, Lock: "flock", Path: "/x" + bad, Inode: 5, Still: t - 5*s,
				Holders: []history.LockHolder{{PID: 7, Command: bad, Creator: true}}},
				history.Looked{PID: 101, Title: bad + " waiting"}}
		}), at(7*s, history.SignalSeen{PID: 101, Signal: "SIGKILL", Sender: history.Peer{PID: 8, Command: bad}},
			history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGKILL"}))
	got := fold(h).Incidents()
	if len(got) != 1 {
		t.Fatalf("got %+v, want one hang", got)
	}
	c := got[0].Cause
	texts := append([]string{c.Short, c.Sentence, c.Path, c.Where, c.Request, c.Remote, c.Holders[0].Command,
		got[0].Victims[0].End}, append(c.Stack, c.Chain...)...)
	for _, text := range texts {
		if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%q is not printable", text)
		}
	}
	if !strings.Contains(got[0].Victims[0].End, `\x1b`) || !strings.Contains(c.Where, `pay\x1b`) {
		t.Errorf("the end %q and the place %q do not show what was there", got[0].Victims[0].End, c.Where)
	}
	if got[0].Fault != "a/1" {
		t.Errorf("blamed on %q, want the fault that is about the same file", got[0].Fault)
	}
}
