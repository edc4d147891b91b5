package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// TestSessionsThatWaitForEachOtherHang: in a database whose threads wake up every second to see whether the client is
// still there. Where as many run, or the loop may have the clients, nobody is seen to wait.
func TestSessionsThatWaitForEachOtherHang(t *testing.T) {
	database := func(to time.Duration, change func(main *history.ThreadSample, sessions []history.ThreadSample)) *Fold {
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, to, func(t time.Duration) []history.Event {
			main := accepting(101, 101, t-1*s)
			main.Syscall, main.Only = "poll", true // beside a loop in epoll_wait they might be parked
			sessions := []history.ThreadSample{stands(101, 111, "futex", t%(1*s)), stands(101, 112, "futex", t%(1*s))}
			change(&main, sessions)
			return look(101, inside(101, t-5*s, t-5*s), main, sessions[0], sessions[1], stands(101, 104, "futex", t-1*s),
				stands(101, 102, "futex", t-1*s), stands(101, 103, "rt_sigtimedwait", t-1*s))
		})))
	}
	same := func(*history.ThreadSample, []history.ThreadSample) {}
	got := database(17*s, same).Incidents()
	if len(got) != 1 || got[0].Cause.Kind != CauseMutex || got[0].Began != 5*s || got[0].Detected != 15*s ||
		!strings.Contains(got[0].Cause.Sentence, "2 requests inside, while no thread runs") {
		t.Errorf("sessions that wait: %+v", got)
	}
	if w := database(14*s, same).Workers()[0]; w.State != Busy || w.Label != Slow {
		t.Errorf("before they are older than work may be: %s %s", w.State, w.Label)
	}
	runs := func(_ *history.ThreadSample, sessions []history.ThreadSample) {
		sessions[0].State, sessions[0].Syscall = "R", "running"
	}
	if got := database(17*s, runs).Incidents(); len(got) != 1 ||
		!strings.Contains(got[0].Cause.Sentence, "2 requests inside, while at least 1 of them stand still (at most 1 thread runs)") {
		t.Errorf("a thread runs, such as one that cleans up, and can be at one of the two at most: %+v", got)
	}
	for name, change := range map[string]func(main *history.ThreadSample, sessions []history.ThreadSample){
		"as many run as are inside": func(main *history.ThreadSample, sessions []history.ThreadSample) {
			runs(main, sessions)
			runs(main, sessions[1:])
		},
		"the loop may have a client": func(main *history.ThreadSample, _ []history.ThreadSample) { main.Only = false },
		"a session reads a file":     func(_ *history.ThreadSample, sessions []history.ThreadSample) { sessions[0].Syscall = "pread64" },
	} {
		for _, in := range database(17*s, change).Incidents() {
			if in.Cause.Short == "threads wait for each other" {
				t.Errorf("%s: %+v", name, in)
			}
		}
	}
}

// TestThreadsMadeForTheirConnectionsServeThem: while as many others compute all the time, as those do that look after a
// database and were made with it.
func TestThreadsMadeForTheirConnectionsServeThem(t *testing.T) {
	database := func(made time.Duration) []Incident {
		return fold(script(pool(1), healthy(1, 101, 1*s, 5*s), every(5*s+100*ms, 17*s, func(t time.Duration) []history.Event {
			main := accepting(101, 101, t-1*s)
			main.Syscall, main.Only, main.Age = "poll", true, t // made at 0
			found := []history.Event{main}
			for i := range 2 {
				helper := stands(101, 102+i, "running", 0)
				helper.State, helper.Age = "R", t
				session := stands(101, 111+i, "futex", t%(1*s))
				session.Age = t - made
				found = append(found, helper, session)
			}
			return look(101, inside(101, t-5*s, t-5*s), found...)
		}))).Incidents()
	}
	if got := database(4900 * ms); len(got) != 1 || got[0].Cause.Short != "threads wait for each other" || got[0].Began != 5*s ||
		!strings.Contains(got[0].Cause.Sentence, "no thread that is at them runs") {
		t.Errorf("made when their clients came: %+v", got)
	}
	for _, made := range []time.Duration{200 * ms, 3 * s} {
		for _, in := range database(made) {
			if in.Cause.Short == "threads wait for each other" {
				t.Errorf("made at %s, long before the requests came: %+v", made, in)
			}
		}
	}
}
