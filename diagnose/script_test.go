package diagnose

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

const (
	ms = time.Millisecond
	s  = time.Second
)

// A moment is an event with its time, before it has a number.
type moment struct {
	at time.Duration
	ev history.Event
}

// at puts events at one time.
func at(t time.Duration, events ...history.Event) []moment {
	var all []moment
	for _, ev := range events {
		all = append(all, moment{t, ev})
	}
	return all
}

// every makes events each 100 ms in [from, to).
func every(from, to time.Duration, make func(at time.Duration) []history.Event) []moment {
	var all []moment
	for t := from; t < to; t += 100 * ms {
		all = append(all, at(t, make(t)...)...)
	}
	return all
}

// script puts moments in order, numbers them, and adds the run's ticks.
func script(parts ...[]moment) []history.Record {
	var all []moment
	for _, p := range parts {
		all = append(all, p...)
	}
	last := time.Duration(0)
	for _, m := range all {
		last = max(last, m.at)
	}
	all = append(all, every(0, last+50*ms, func(time.Duration) []history.Event {
		return []history.Event{history.Tick{}}
	})...)
	slices.SortStableFunc(all, func(a, b moment) int { return int(a.at - b.at) })
	var records []history.Record
	for i, m := range all {
		records = append(records, history.Record{Seq: uint64(i + 1), At: m.at, Event: m.ev})
	}
	return records
}

func fold(records []history.Record) *Fold {
	f := New(DefaultLimits())
	for _, r := range records {
		f.Add(r)
	}
	return f
}

// pool is n workers, pid 101 and on, found at 0 and under load from 1 s on.
func pool(n int) []moment {
	all := at(0, history.PhaseStarted{Phase: history.Starting})
	for i := range n {
		all = append(all, at(0, history.WorkerSeen{PID: 101 + i, Worker: 1 + i})...)
	}
	return append(all, at(1*s, history.PhaseStarted{Phase: history.Before})...)
}

// healthy is a worker that answers a request in every 100 ms of [from, to).
func healthy(place, pid int, from, to time.Duration) []moment {
	return every(from, to, func(t time.Duration) []history.Event {
		return []history.Event{sample(place, pid, func(w *history.WorkerSample) {
			w.Inside, w.Oldest, w.Moved, w.Answered = 1, 4*ms, true, uint64(t/ms)
		})}
	})
}

func sample(place, pid int, more func(*history.WorkerSample)) history.WorkerSample {
	w := history.WorkerSample{PID: pid, Worker: place, State: "S", Usage: history.Usage{Threads: 4}}
	more(&w)
	return w
}

// stuck is a worker with requests inside since began and a main thread that stands still in a call, twice seen, while
// connections wait to be accepted.
func stuck(place, pid int, began, from, to time.Duration, call, args string) []moment {
	all := at(from-90*ms, history.Listener{Backlog: 3, Limit: 128})
	all = append(all, every(from, to, func(t time.Duration) []history.Event {
		still := t - began
		return []history.Event{
			history.Listener{Backlog: 3, Limit: 128},
			sample(place, pid, func(w *history.WorkerSample) {
				w.Inside, w.Oldest, w.Still, w.Answered = 1, still+2*ms, still, uint64(began/ms)
			}),
			history.ThreadSample{PID: pid, TID: pid, Name: "gunicorn", State: "S", Still: still, Syscall: call,
				Args: args, Twice: still > 50*ms},
		}
	})...)
	return append(all, at(to, history.Listener{Limit: 128})...)
}

// waits is who waits for the log's lock, beside stuck.
func waits(pid int, began, from, to time.Duration) []moment {
	return every(from, to, func(t time.Duration) []history.Event {
		return []history.Event{history.LockWait{PID: pid, TID: pid, Lock: "flock", FD: 9,
			Path: "/tmp/x/async_tasks.log", Device: "fe:00", Inode: 77, Still: t - began,
			Holders: []history.LockHolder{{PID: 900, Command: "hangtime hold-lock", Creator: true}}}}
	})
}
