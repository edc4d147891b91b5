package diagnose

import (
	"cmp"
	"slices"
	"time"
)

// exclusive are the kinds of waits of which one has what the others wait for: they end when somebody lets go, makes room
// in a queue, or ends a process that was started for the request. All else
// (an event, a message, an answer, a time) may be waited for on purpose, however long.
//
// A goroutine that sends or receives outside of a select cannot be called away either.
func exclusive(st *stack) bool {
	if st.Wait == nil {
		return false
	}
	switch st.Wait.On {
	case "lock", "semaphore", "pool", "monitor":
		return true
	case "room", "child":
		return st.Request != nil // a pipeline behind the server's back may fill a queue, or watch a process, by design
	case "channel", "wait group", "condition":
		return st.Language == "go" && st.Pool
	}
	return false
}

// awaited are the pieces of work without a thread that wait, the oldest first. A goroutine of the application's own that
// serves nobody, such as a log's writer, is work only where it waits for what another has.
func (v sight) awaited(p *process) []*stack {
	var all []*stack
	for _, st := range p.tasks {
		own := st.Own > 0 && (st.Kind != "goroutine" || exclusive(st))
		if !st.Idle && (st.Request != nil || own || st.Pool) {
			all = append(all, st)
		}
	}
	slices.SortFunc(all, func(a, b *stack) int {
		return cmp.Or(cmp.Compare(v.askedAt(p, a), v.askedAt(p, b)), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// askedAt is since when a piece of work is there, as far as it is known.
func (v sight) askedAt(p *process, st *stack) time.Duration {
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

// awaitsLong says whether a piece of work without a thread has waited for longer than a moment.
func (v sight) awaitsLong(p *process) bool {
	all := v.awaited(p)
	return len(all) > 0 && v.now-v.askedAt(p, all[0]) > v.limits.Loop
}

func sortedKeys[V any](m map[uint64]V) []uint64 {
	keys := make([]uint64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
