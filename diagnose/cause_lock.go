package diagnose

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
)

func fileLock(s stall, w history.LockWait) Cause {
	c := Cause{Kind: CauseFileLock, Confidence: sure(s, len(w.Holders) > 0), Path: w.Path, Inode: w.Inode, Holders: w.Holders}
	file := w.Path
	if file == "" {
		file = fmt.Sprintf("inode %d of device %s", w.Inode, w.Device)
	}
	if len(w.Holders) == 0 {
		c.Short = fmt.Sprintf("%s %s", w.Lock, path.Base(file))
		c.Sentence = fmt.Sprintf("blocked in %s on %s; who holds the lock could not be seen", w.Lock, file)
		return c
	}
	var who []string
	for _, h := range w.Holders {
		who = append(who, holder(h))
	}
	c.Short = fmt.Sprintf("%s %s ← pid %d", w.Lock, path.Base(file), w.Holders[0].PID)
	c.Sentence = fmt.Sprintf("blocked in %s on %s, held by %s", w.Lock, file, strings.Join(who, " and "))
	return c
}

// holder writes one that holds a lock. The process that took it may be gone while a child that inherited the open file still holds it.
func holder(h history.LockHolder) string {
	text := fmt.Sprintf("pid %d", h.PID)
	if h.Command != "" {
		text += " (" + h.Command + ")"
	}
	switch {
	case h.Dead:
		text += ", which took it and is dead"
	case !h.Creator:
		text += ", which has the open file from the process that locked it"
	}
	return text
}

func mutex(p *process, s stall, w history.MutexWait) Cause {
	c := Cause{Kind: CauseMutex, Confidence: sure(s, w.Owner != 0), Short: "waits for a lock of its own process"}
	if w.Owner == 0 {
		c.Sentence = named(p, s.thread) + " waits for a lock inside its process; who holds it cannot be seen"
		return c
	}
	owner := fmt.Sprintf("its thread %d", w.Owner)
	if t := p.threads[w.Owner]; t != nil {
		owner = named(p, t)
	}
	c.Short = fmt.Sprintf("mutex ← thread %d", w.Owner)
	c.Sentence = fmt.Sprintf("%s waits for a mutex that %s holds", named(p, s.thread), owner)
	return c
}

// A link is one thread that waits for what another has.
type link struct{ pid, tid int }

// owners are the threads that keep a thread waiting, as far as they are known; the text says for what. A lock's holder is a process, so all of its threads
// that wait may be the one.
func (f *Fold) owners(p *process, tid int) (text string, all []link) {
	o := f.behind(p, tid, f.now)
	if o == nil {
		return "", nil
	}
	switch ev := o.event.(type) {
	case history.MutexWait:
		if ev.Owner != 0 {
			return fmt.Sprintf("thread %d of pid %d waits for a mutex of thread %d", tid, p.pid, ev.Owner), []link{{pid: p.pid, tid: ev.Owner}}
		}
	case history.LockWait:
		for _, h := range ev.Holders {
			q := f.alive(h.PID)
			if q == nil {
				continue
			}
			for _, other := range slices.Sorted(maps.Keys(q.obstacles)) {
				all = append(all, link{pid: q.pid, tid: other})
			}
			if len(all) > 0 {
				return fmt.Sprintf("pid %d waits for %s on %s, held by pid %d", p.pid, ev.Lock, path.Base(ev.Path), h.PID), all
			}
		}
	}
	return "", nil
}

// cycle follows who waits for whom from a thread until it comes back to it; nil: it does not.
func (f *Fold) cycle(p *process, t *thread) []string {
	seen := map[link]bool{}
	var walk func(q *process, tid int, way []string) []string
	walk = func(q *process, tid int, way []string) []string {
		if seen[link{q.pid, tid}] || len(way) > 32 {
			return nil
		}
		seen[link{q.pid, tid}] = true
		text, next := f.owners(q, tid)
		for _, n := range next {
			now := append(slices.Clone(way), text)
			if n.pid == p.pid && n.tid == t.TID {
				return now
			}
			if r := f.alive(n.pid); r != nil {
				if found := walk(r, n.tid, now); found != nil {
					return found
				}
			}
		}
		return nil
	}
	return walk(p, t.TID, nil)
}

// chain adds who waits for whom: the cycle, or what the holder of a lock does itself.
func (f *Fold) chain(p *process, s stall, c *Cause) {
	if s.cycle != nil {
		c.Chain, c.Cycle, c.Confidence = s.cycle, true, Proven
		c.Sentence += "; " + strings.Join(s.cycle, ", ") + ": a circle that never ends by itself"
		return
	}
	if c.Kind != CauseFileLock {
		return
	}
	for _, h := range c.Holders {
		q := f.alive(h.PID)
		if q == nil || q == p || q.cause == nil || !q.state.IsHang() {
			continue
		}
		c.Chain = []string{fmt.Sprintf("pid %d waits for pid %d", p.pid, q.pid), fmt.Sprintf("pid %d: %s", q.pid, q.cause.Short)}
		c.Sentence += fmt.Sprintf("; that one itself: %s", q.cause.Short)
		return
	}
}
