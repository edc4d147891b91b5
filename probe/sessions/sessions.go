// Package sessions has databases asked who waits for whom in them, while a worker that is connected to them is under
// suspicion, and finds the processes at the other ends of their sessions.
package sessions

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe/waits"
)

// A Database can be asked about its sessions, by one goroutine at a time.
type Database interface {
	Name() string   // without what is secret
	System() string // what it is: "PostgreSQL"
	Port() uint16
	Sessions(ctx context.Context) ([]history.Session, error)
	Close() // the connection; who asks again opens another
}

// A keeper is a database in which keys stand for locks.
type keeper interface {
	Keys(ctx context.Context, names []string) ([]history.Key, error)
}

const (
	every  = time.Second     // how often one database is asked; see due
	within = 2 * time.Second // how long an answer may take
	most   = 200             // sessions that are recorded of one answer
	// connects is how much younger the connection of whoever made a key may be said to be than that: the key's name for its
	// maker is chosen before it connects, and Redis tells ages in whole seconds.
	connects = 2 * time.Second
	// mostKeys is of how many keys is asked at once.
	mostKeys = 16
)

// A Reader has databases asked. One goroutine may use it.
type Reader struct {
	finder *waits.Finder
	rec    *history.Recorder
	all    []*asked
}

// New prepares to ask.
func New(finder *waits.Finder, rec *history.Recorder, databases []Database) *Reader {
	r := &Reader{finder: finder, rec: rec}
	for _, one := range databases {
		r.all = append(r.all, &asked{Database: one, answers: make(chan answer, 1), of: map[int]ends{}})
	}
	return r
}

// An asked is a database, and what it was asked.
type asked struct {
	Database
	at      time.Time // when it was last asked
	before  time.Time // and the time before that
	about   []int     // the workers because of which it was last asked
	answers chan answer
	tried   bool         // it was asked whether it answers
	trouble string       // why it could not be asked last; empty: it could
	waits   bool         // for an answer
	of      map[int]ends // of the workers for which it was asked, by pid
	next    []wait       // to be asked for next
	keys    []wait       // that were asked for last
}

// A wait is a key that a worker waits for.
type wait struct {
	key string
	pid int
}

// ends are a worker's ends of its connections.
type ends struct {
	tcp   []string
	peers []int // of unix sockets
}

func (e ends) has(s history.Session) bool {
	if s.Client != "" {
		return slices.Contains(e.tcp, s.Client)
	}
	return s.Process != 0 && slices.Contains(e.peers, s.Process)
}

type answer struct {
	sessions []history.Session
	keys     []history.Key
	err      error
}

// Suspect has those databases asked to which a worker is connected, if that was not done a moment ago; keys are those that
// it waits for as locks. Ask asks, for all workers together.
func (r *Reader) Suspect(now time.Time, pid int, keys []string, server waits.Server) {
	for _, one := range r.all {
		one.want(pid, keys)
		if _, known := one.of[pid]; one.waits && known || !one.waits && !one.due(now, pid) {
			continue
		}
		tcp, peers := r.finder.Connections(pid, one.Port(), server)
		if len(tcp)+len(peers) == 0 {
			continue
		}
		one.of[pid] = ends{tcp, peers}
	}
}

// Ask asks those databases to which a suspect is connected. The answers are recorded by Take.
func (r *Reader) Ask(ctx context.Context, now time.Time) {
	for _, one := range r.all {
		if len(one.of) > 0 && !one.waits {
			one.ask(ctx, now)
		}
	}
}

// want has keys asked for with the next question, for which a worker waits.
func (a *asked) want(pid int, keys []string) {
	for _, key := range keys {
		if w := (wait{key, pid}); !slices.Contains(a.next, w) && len(a.next) < mostKeys {
			a.next = append(a.next, w)
		}
	}
}

// due says whether it may be asked because of a worker: a second after the last question, or sooner where that was not
// about this worker, or not about all that it waits for, but not three times within two seconds.
func (a *asked) due(now time.Time, pid int) bool {
	if now.Sub(a.before) < 2*every {
		return false
	}
	return now.Sub(a.at) >= every || !slices.Contains(a.about, pid) ||
		slices.ContainsFunc(a.next, func(w wait) bool { return w.pid == pid && !slices.Contains(a.keys, w) })
}

func (a *asked) ask(ctx context.Context, now time.Time) {
	a.before, a.at = a.at, now
	a.about = slices.Collect(maps.Keys(a.of))
	a.keys, a.next = a.next, nil
	a.send(ctx)
}

// send sends the question.
func (a *asked) send(ctx context.Context) {
	a.waits = true
	var names []string
	for _, one := range a.keys {
		if !slices.Contains(names, one.key) {
			names = append(names, one.key)
		}
	}
	go func() {
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		var got answer
		got.sessions, got.err = a.Sessions(ctx)
		if keeper, is := a.Database.(keeper); is && got.err == nil && len(names) > 0 {
			got.keys, got.err = keeper.Keys(ctx, names)
		}
		a.answers <- got
	}()
}

// Take records the answers that have come. The first time it asks each database whether it answers: whoever has given a
// wrong password is to know before anything hangs.
func (r *Reader) Take(ctx context.Context) {
	for _, one := range r.all {
		if !one.tried {
			one.tried = true
			one.send(ctx)
		}
		select {
		case a := <-one.answers:
			one.waits = false
			r.tell(one, a)
			clear(one.of)
		default:
		}
	}
}

// Close waits for what is still asked, and ends the connections; the context that was given must have ended.
func (r *Reader) Close() {
	for _, one := range r.all {
		if one.waits {
			<-one.answers
			one.waits = false
		}
		one.Database.Close()
	}
}

// whose is the worker that has a session, of those for which it was asked; 0: none has.
func (a *asked) whose(s history.Session) int {
	for _, pid := range slices.Sorted(maps.Keys(a.of)) {
		if a.of[pid].has(s) {
			return pid
		}
	}
	return 0
}

func (r *Reader) tell(of *asked, a answer) {
	said := history.Sessions{Database: of.Name(), System: of.System()}
	trouble := ""
	if a.err != nil {
		trouble = a.err.Error()
	}
	if trouble != of.trouble && trouble != "" {
		r.rec.Record(history.Trouble{Component: "probe", Weight: history.Harmless, Text: of.Name() + " cannot be asked: " + trouble})
	}
	of.trouble, said.Trouble = trouble, trouble
	if len(of.of) == 0 {
		return // nobody is suspect
	}
	if trouble != "" {
		r.rec.Record(said)
		return
	}
	said.Keys = a.keys
	for i := range said.Keys {
		for _, s := range a.sessions {
			k := &said.Keys[i]
			waits := slices.Contains(of.keys, wait{k.Name, of.whose(s)})
			if k.Age > 0 && s.Connected+connects >= k.Age && !waits {
				k.Since++
			}
		}
	}
	said.All = concerned(a.sessions, of.whose)
	for i := range said.All {
		s := &said.All[i]
		switch {
		case s.Peer.PID != 0:
			s.Peer = r.finder.Peer(s.Peer.PID)
		case s.Client != "":
			s.Peer = r.finder.ClientOf(s.Client, of.Port())
		case s.Process != 0:
			s.Peer = r.finder.ClientOfProcess(s.Process)
		}
	}
	r.rec.Record(said)
}

// concerned are the sessions that wait, those that they wait for, and those of workers: of returns whose one is; 0: no
// worker's. Those that wait come first.
func concerned(all []history.Session, of func(history.Session) int) []history.Session {
	byID := map[uint64]int{}
	for i, s := range all {
		byID[s.ID] = i
	}
	kept, out := make([]bool, len(all)), []history.Session{}
	keep := func(i int) {
		if !kept[i] && len(out) < most {
			kept[i] = true
			s := all[i]
			s.Peer.PID = of(s)
			out = append(out, s)
		}
	}
	for i, s := range all {
		if s.Waits != "" {
			keep(i)
		}
	}
	for at := 0; at < len(out); at++ { // out grows
		for _, id := range out[at].Blockers {
			if i, found := byID[id]; found {
				keep(i)
			}
		}
	}
	for i, s := range all {
		if of(s) != 0 {
			keep(i)
		}
	}
	return out
}
