package diagnose

import (
	"cmp"
	"slices"
	"time"
)

// An Await is a piece of work that waits outside of any thread: a coroutine, a greenlet, a goroutine.
type Await struct {
	Count   int           // how many are at the same place and wait for the same
	Age     time.Duration // of the oldest; since it was asked for where that is known, else since it was first seen
	Least   bool          // it may be older
	What    string        // "lock", "future", "sleep"; empty: not known
	Name    string        // what the application calls that
	Where   string        // the application's line: "app (app.py:8)"
	Stack   []string      // innermost first
	Request string        // "GET /pay"; empty: not known
}

// exclusive are the kinds of waits of which one has what the others wait for: they end when somebody lets go. All else (an event, a message, an answer, a time) may be waited for
// on purpose, however long.
//
// A goroutine that sends or receives outside of a select cannot be called away either.
func exclusive(st *stack) bool {
	if st.Wait == nil {
		return false
	}
	switch st.Wait.On {
	case "lock", "semaphore", "pool", "monitor":
		return true
	case "channel", "wait group", "condition":
		return st.Language == "go" && st.Pool
	}
	return false
}

// awaited are the pieces of work without a thread that wait, the oldest first.
func (f sight) awaited(p *process) []*stack {
	var all []*stack
	for _, st := range p.tasks {
		if !st.Idle && (st.Request != nil || st.Own > 0 || st.Pool) {
			all = append(all, st)
		}
	}
	slices.SortFunc(all, func(a, b *stack) int {
		return cmp.Or(cmp.Compare(f.askedAt(p, a), f.askedAt(p, b)), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// askedAt is since when a piece of work is there, as far as it is known.
func (f sight) askedAt(p *process, st *stack) time.Duration {
	if st.Request != nil {
		if age, ok := p.ageOf(st.Request.Port); ok {
			return p.sampledAt - age
		}
	}
	if st.For > 0 {
		return st.at - st.For
	}
	count := 0
	for _, one := range p.tasks {
		if !one.Idle && (one.Request != nil || one.Pool) {
			count += max(one.Count, 1)
		}
	}
	if (st.Request != nil || st.Pool) && p.sample.Inside > 0 && (count <= p.sample.Inside || st.Count > 1) {
		return p.began()
	}
	return st.first
}

// awaitStall is pieces of work without a thread that wait for what only one can have at a time.
func (f finder) awaitStall(p *process) (stall, bool) {
	groups := map[uint64][]*stack{}
	for _, st := range f.awaited(p) {
		if exclusive(st) {
			groups[st.Wait.Object] = append(groups[st.Wait.Object], st)
		}
	}
	best, found := stall{}, false
	for _, object := range sortedKeys(groups) {
		group := groups[object]
		s := stall{from: f.askedAt(p, group[0]), work: unset, limit: never, how: waitingTasks, task: group[0]}
		for _, st := range group {
			s.crowd += max(st.Count, 1)
			if st.Own > 0 && s.task.Own == 0 {
				s.task = st
			}
		}
		if s.crowd > 1 && object != 0 && f.now-p.answered >= f.limits.Loop && group[0].Wait.On != "condition" {
			s.limit = f.limits.Pool // they wait for each other, or for one that never lets go
		}
		s.from = max(s.from, p.seen)
		if f.now-s.from < f.limits.Suspect {
			continue
		}
		if !found || f.worse(s, best) {
			best, found = s, true
		}
	}
	return best, found
}

func sortedKeys[V any](m map[uint64]V) []uint64 {
	keys := make([]uint64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// awaits tells them for people and programs, at most 16.
func (f *judge) awaits(p *process) []Await {
	var out []Await
	for _, st := range f.awaited(p) {
		if len(out) == 16 {
			break
		}
		a := Await{Count: max(st.Count, 1), Age: f.now - f.askedAt(p, st), Stack: st.Frames, Where: st.own(), Least: f.askedAt(p, st) == st.first}
		if st.Wait != nil {
			a.What, a.Name = st.Wait.On, st.Wait.Name
		}
		if st.Request != nil {
			a.Request = requestWords(*st.Request)
		}
		out = append(out, a)
	}
	if f.upstreamWaits(p) {
		for _, one := range p.upstream.Waits {
			a := Await{Count: one.Count, Age: one.Oldest, Least: one.Oldest == 0, What: "answer of upstream", Name: one.Remote}
			if one.Oldest > 0 {
				a.Age += f.now - p.upAt
			}
			if len(one.Peers) > 0 {
				a.Name += ", " + peers(one.Peers)
			}
			out = append(out, a)
		}
	}
	return out
}
