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

// unknown says why nobody can say whether a process works; empty: it can be said. What cannot be seen is never called
// healthy.
func (f finder) unknown(p *process, s standstill, stalled bool) string {
	looked := f.now-p.lookedAt <= 2*f.limits.Stale
	switch {
	case stalled && s.aimless && f.silence(s.from, f.now) >= f.limits.Unanswered:
		return f.courseWords(p, s)
	case f.unlooked(p) && !stalled && !p.gone && f.ending < 0:
		return "its threads have not been looked at yet"
	case stalled || p.gone || f.ending >= 0 || !f.whole || f.serverRuns(p) || p.helps():
		return ""
	case p.sample.Inside+p.open == 0 && f.unfed(p) != "":
		return f.unfed(p)
	case f.owedFor(p) >= f.limits.Unanswered:
		return "it listens nowhere, and its loop waits for events" + f.owesWords(p) +
			"; whether it waits for that answer or for its next message cannot be seen"
	case p.sample.Inside > 0 && f.now-max(p.began(), p.answered) >= f.limits.Unanswered && looked &&
		len(f.awaited(p)) == 0 &&
		!f.upstreamWaits(p) && !f.mayTurn(p):
		text := fmt.Sprintf("%s unanswered for %s; its loop waits for events; what for was not seen",
			words.Count(p.sample.Inside, "request"), words.Seconds(f.now-p.began()))
		if f.computesBeside(p) {
			text += "; another thread of it runs all the time, perhaps for them"
		}
		return text
	case f.swamped() && f.answered < f.backlogFrom && looked && !f.anyAtWork() && !f.anyMovesSince(f.backlogFrom):
		return fmt.Sprintf("%s to be accepted for %s, and no worker takes them though none has work",
			words.Do(f.backlog, "connection", "wait"), words.Seconds(f.now-f.backlogFrom))
	case f.Unaccepted() >= f.limits.Unanswered && looked && !f.anyHangs():
		return fmt.Sprintf("%s to be accepted for %s, and why no worker takes them was not seen",
			words.Do(f.backlog, "connection", "wait"), words.Seconds(f.now-f.backlogFrom))
	case p.noListener && f.hides(p) != "":
		return f.hides(p) // it may listen all the same
	case p.noListener && p.lookedAt != unset && !p.rests && !f.inRequest(p):
		return "it has no listening socket, and none of its threads could be seen to wait for work"
	}
	return f.hides(p)
}

// hides says what may not be read without which a hang of a process may go unseen; empty: nothing.
func (f finder) hides(p *process) string {
	for _, one := range f.hidden {
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
func (f finder) anyMovesSince(moment time.Duration) bool {
	for _, p := range f.processes {
		for _, t := range p.threads {
			if !p.gone && f.fresh(p, t.at) && (t.running >= 0 || t.from > moment+f.limits.Slack) {
				return true
			}
		}
	}
	return false
}

// unlooked says whether no look at the threads of a process that listens nowhere is over yet, which takes long on a very
// busy machine: nothing else says what such a process is at.
func (f finder) unlooked(p *process) bool { return f.attached && p.noListener && p.lookedAt == unset }

// inRequest says whether a thread was seen in a request or a job lately: it works, whatever its waits look like between
// two looks.
func (f finder) inRequest(p *process) bool {
	for _, st := range p.stacks {
		if st.Request != nil && !st.Idle && f.now-st.at <= 3*f.limits.Stale {
			return true
		}
	}
	return false
}
