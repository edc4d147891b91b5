package probe

import (
	"maps"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/threads"
)

// lookTwice is the time between the two looks at a worker's threads.
const lookTwice = 50 * time.Millisecond

// looks are what is known of a worker by looking closer at it.
type looks struct {
	firstAt    time.Time // when the first of two looks was taken; zero: none was
	views      map[*threads.Thread]*view
	proven     bool // the last look proved that it waits for work
	language   language
	owed       bool      // a program by itself: others were seen then to owe it answers
	upstreamAt time.Time // when it was last looked whom it has asked
	titleAt    time.Time // when its title was last read
	title      string
}

// dueAt is when the second look is to be taken; zero: none is.
func (l *looks) dueAt() time.Time {
	if l.firstAt.IsZero() {
		return time.Time{}
	}
	return l.firstAt.Add(lookTwice)
}

// A view is what is held of a thread from one look to the next. It holds until the thread runs.
type view struct {
	turns uint64     // the thread's, when this was seen
	first *firstLook // the first of two looks; nil: none was taken
	found *finding   // what both looks found
	idle  bool       // its last look proved that it waits for work
	post  post       // as its last look found it
}

// A post is where a thread waits for what comes next from outside.
type post struct {
	door   bool   // for new connections, and nothing else
	many   bool   // for several connections at once
	client uint32 // inode of the client's socket, of which alone it waits
}

func postOf(sample history.ThreadSample, behind history.Event) post {
	wait, _ := behind.(history.SocketWait)
	switch {
	case sample.Only:
		return post{door: true}
	case sample.Idle && (sample.For == "events" || sample.For == "connections") || wait.Client && wait.More > 0:
		return post{many: true}
	case wait.Client:
		return post{client: wait.Inode}
	}
	return post{}
}

// attended are the clients' sockets that threads were found waiting at; false: the threads do not each have one.
func (l *looks) attended() (clients []uint32, each bool) {
	for t, v := range l.views {
		switch {
		case t.Ended():
		case v.post.many:
			return nil, false
		case v.post.client != 0:
			clients = append(clients, v.post.client)
		}
		each = each || !t.Ended() && v.post.door
	}
	return clients, each
}

// of is the view of a thread.
func (l *looks) of(t *threads.Thread) *view {
	v := l.views[t]
	if v == nil {
		if l.views == nil {
			l.views = map[*threads.Thread]*view{}
		}
		v = &view{turns: t.Turns}
		l.views[t] = v
	}
	if v.turns != t.Turns {
		*v = view{turns: t.Turns, idle: v.idle, post: v.post}
	}
	return v
}

// idles says whether the last look proved that the main thread, whose number is the process's, waits for work.
func (l *looks) idles(pid int) bool {
	for t, v := range l.views {
		if t.TID == pid && !t.Ended() {
			return v.idle || l.language.idle[pid]
		}
	}
	return false
}

// idle says whether the last look at a thread proved, by what it waits for, that it waits for work: accept in the
// application's own code is none in which it works.
func (l *looks) idle(tid int) bool {
	for t, v := range l.views {
		if t.TID == tid && !t.Ended() {
			return v.idle
		}
	}
	return false
}

// works says whether something was at work when its code was read, and its thread was not proven to wait for work since.
func (l *looks) works() bool {
	return slices.ContainsFunc(l.language.busy, func(tid int) bool { return tid == 0 || !l.idle(tid) })
}

// stand says whether each of the threads was found standing still, and has not run since.
func (l *looks) stand(threads []*threads.Thread) bool {
	for _, t := range threads {
		if v := l.views[t]; v == nil || v.found == nil || v.turns != t.Turns {
			return false
		}
	}
	return len(threads) > 0
}

// stoodStillAfter says whether a thread that does not wait for work began its standstill after a moment.
func (l *looks) stoodStillAfter(moment time.Time) bool {
	for t, v := range l.views {
		if v.found != nil && !v.idle && !t.Ended() && v.turns == t.Turns && v.found.since.After(moment) {
			return true
		}
	}
	return false
}

// found is what two looks found of a thread, where it has not run since; nil: nothing.
func (l *looks) found(tid int) *finding {
	for t, v := range l.views {
		if t.TID == tid && !t.Ended() && v.turns == t.Turns {
			return v.found
		}
	}
	return nil
}

// waitOf is the wait that a thread was found in; nil: none is known.
func (l *looks) waitOf(tid int) history.Event {
	if f := l.found(tid); f != nil {
		return f.behind
	}
	return nil
}

// sweep leaves out the threads that ended; so many live.
func (l *looks) sweep(living int) {
	if len(l.views) > living {
		maps.DeleteFunc(l.views, func(t *threads.Thread, _ *view) bool { return t.Ended() })
	}
}

// A firstLook is a thread's account at a moment.
type firstLook struct {
	sched proc.Schedstat
	at    time.Time
}

// A threadLook is what a thread was at, at one moment.
type threadLook struct {
	sched proc.Schedstat
	stat  proc.Stat
	call  proc.Call
	known bool // the call could be read
}

// A finding is what two looks found, 50 ms apart, between which the thread did not run. As long as it does not run,
// nothing of that can change, so it is not read again; only the other side of its wait may change meanwhile.
type finding struct {
	thread *threads.Thread
	look   *threadLook // the second
	sample history.ThreadSample
	since  time.Time // when it last ran
	behind history.Event
	chain  []history.Link
	asked  time.Time // when the other side was last looked at
}
