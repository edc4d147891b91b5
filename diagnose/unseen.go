package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// maxHidden bounds how many notices of what may not be read are kept.
const maxHidden = 256

// unreadable takes that something may not be read.
func (sv *server) unreadable(ev history.Unseen) {
	if len(sv.hidden) < maxHidden && !slices.Contains(sv.hidden, ev) {
		sv.hidden = append(sv.hidden, ev)
	}
}

// A visibility tells whether what would show that a process works can be seen.
type visibility struct{ course }

// unknown says why nobody can say whether a process works; empty: it can be said. What cannot be seen is never called
// healthy.
func (v visibility) unknown(p *process, s standstill, stalled bool) string {
	looked := v.now-p.lookedAt <= 2*v.limits.Stale
	switch {
	case stalled && s.aimless && v.silence(s.from, v.now) >= v.limits.Unanswered:
		return v.courseWords(p, s)
	case v.unlooked(p) && !stalled && !p.gone && v.ending < 0:
		return "its threads have not been looked at yet"
	case stalled || p.gone || v.ending >= 0 || !v.whole || v.serverRuns(p) || p.helps():
		return ""
	case p.sample.Inside+p.open == 0 && v.unfed(p) != "":
		return v.unfed(p)
	case v.owedFor(p) >= v.limits.Unanswered:
		return "it listens nowhere, and its loop waits for events" + v.owesWords(p) +
			"; whether it waits for that answer or for its next message cannot be seen"
	case p.sample.Inside > 0 && v.now-max(p.began(), p.answered) >= v.limits.Unanswered && looked &&
		len(v.awaited(p)) == 0 &&
		!v.upstreamWaits(p) && !v.mayTurn(p) && !v.outdated(p):
		text := fmt.Sprintf("%s unanswered for %s; its loop waits for events; what for was not seen",
			words.Count(p.sample.Inside, "request"), words.Seconds(v.now-p.began()))
		if v.computesBeside(p) {
			text += "; another thread of it runs all the time, perhaps for them"
		}
		return text
	case v.swamped() && v.answered < v.backlogFrom && looked && !v.anyAtWork() && !v.anyMovesSince(v.backlogFrom):
		return fmt.Sprintf("%s to be accepted for %s, and no worker takes them though none has work",
			words.Do(v.backlog, "connection", "wait"), words.Seconds(v.now-v.backlogFrom))
	case v.Unaccepted() >= v.limits.Unanswered && looked && !v.anyHangs():
		return fmt.Sprintf("%s to be accepted for %s, and why no worker takes them was not seen",
			words.Do(v.backlog, "connection", "wait"), words.Seconds(v.now-v.backlogFrom))
	case p.noListener && v.hides(p) != "":
		return v.hides(p) // it may listen all the same
	case p.noListener && p.lookedAt != unset && !p.rests && !v.inRequest(p):
		return "it has no listening socket, and none of its threads could be seen to wait for work"
	}
	return v.hides(p)
}

// hides says what may not be read without which a hang of a process may go unseen; empty: nothing.
func (v visibility) hides(p *process) string {
	for _, one := range v.hidden {
		if one.Hides && (one.PID == 0 || one.PID == p.pid) {
			text := one.What + " may not be read"
			if one.Allow != "" {
				text += " (" + one.Allow + ")"
			}
			return text
		}
	}
	return ""
}

// anyMovesSince says whether a thread of a worker has run since a moment: it may take connections that are over before
// they are seen.
func (v visibility) anyMovesSince(moment time.Duration) bool {
	for _, p := range v.processes {
		for _, t := range p.threads {
			if !p.gone && v.fresh(p, t.at) && (t.running >= 0 || t.from > moment+v.limits.Slack) {
				return true
			}
		}
	}
	return false
}

// unlooked says whether no look at the threads of a process that listens nowhere is over yet, which takes long on a very
// busy machine: nothing else says what such a process is at.
func (v visibility) unlooked(p *process) bool {
	return v.attached && p.noListener && p.lookedAt == unset
}

// outdated says whether the last look at the threads of a process that has an old request inside is itself too old to say
// what they are at, as on a very busy machine: the next one says it.
func (v visibility) outdated(p *process) bool {
	return v.attached && v.whole && p.sample.Inside > 0 && v.now-max(p.began(), p.answered) >= v.limits.Loop &&
		p.lookedAt != unset && v.now-p.lookedAt > v.limits.Stale
}

// justFound says whether a process with a request inside was first looked at so lately that the next readings of its code
// may yet find that at work: a goroutine that computes may have been between two threads.
func (v visibility) justFound(p *process) bool {
	return v.attached && p.sample.Inside > 0 && p.metAt != unset && v.now-p.metAt < v.limits.Turn
}

// glimpses is how many looks at a process with an old request it takes to say that nothing is wrong with that. Ten come in a
// second; but where hangtime itself gets little of the processors, a whole one may take that long.
const glimpses = 3

// glimpsed says whether a process with an old request was looked at so seldom that it cannot be said yet what keeps it.
func (v visibility) glimpsed(p *process) bool {
	return v.attached && v.whole && p.sample.Inside > 0 && v.now-p.began() >= v.limits.Loop && p.wholes < glimpses
}

// inRequest says whether a thread was seen in a request or a job lately: it works, whatever its waits look like between
// two looks.
func (v visibility) inRequest(p *process) bool {
	for _, st := range p.stacks {
		if st.Request != nil && !st.Idle && v.now-st.at <= 3*v.limits.Stale {
			return true
		}
	}
	return false
}
