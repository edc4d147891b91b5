// Package sessions has databases asked who waits for whom in them, while a worker that is connected to them is under
// suspicion, and finds the processes at the other ends of their sessions.
package sessions

import (
	"context"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe/waits"
)

// A Database can be asked about its sessions, by one goroutine at a time.
type Database interface {
	Name() string // without what is secret
	Port() uint16
	Sessions(ctx context.Context) ([]history.Session, error)
	Close() // the connection; who asks again opens another
}

const (
	every  = time.Second     // how often one database is asked at most
	within = 2 * time.Second // how long an answer may take
	most   = 200             // sessions that are recorded of one answer
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
	answers chan answer
	waits   bool         // for an answer
	of      map[int]ends // of the workers for which it was asked, by pid
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
	err      error
}

// Suspect has those databases asked to which a worker is connected, if that was not done a moment ago. The answer is
// recorded by Take.
func (r *Reader) Suspect(ctx context.Context, now time.Time, pid int, server waits.Server) {
	for _, one := range r.all {
		if _, known := one.of[pid]; one.waits && known || !one.waits && now.Sub(one.at) < every {
			continue
		}
		tcp, peers := r.finder.Connections(pid, one.Port(), server)
		if len(tcp)+len(peers) == 0 {
			continue
		}
		one.of[pid] = ends{tcp, peers}
		if !one.waits {
			one.ask(ctx, now)
		}
	}
}

func (a *asked) ask(ctx context.Context, now time.Time) {
	a.at, a.waits = now, true
	go func() {
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		all, err := a.Sessions(ctx)
		a.answers <- answer{all, err}
	}()
}

// Take records the answers that have come.
func (r *Reader) Take() {
	for _, one := range r.all {
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

func (r *Reader) tell(of *asked, a answer) {
	said := history.Sessions{Database: of.Name()}
	if a.err != nil {
		said.Trouble = a.err.Error()
		r.rec.Record(said)
		return
	}
	said.All = concerned(a.sessions, func(s history.Session) int {
		for pid, ends := range of.of {
			if ends.has(s) {
				return pid
			}
		}
		return 0
	})
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
