package diagnose

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// requests are those that a process has inside, as its samples show them: since when, and when it last answered any.
type requests struct {
	sample    history.WorkerSample
	sampledAt time.Duration // -1: never
	before    time.Duration // when the sample before it was taken; -1: never
	firstAt   time.Duration // when the first was; unset: never
	sampleSeq uint64
	running   time.Duration // when it was last seen in a state other than stopped; unset: never
	answered  time.Duration // last sign of progress of its requests
	earliest  time.Duration // and when that may have been at the earliest: the look before
	grew      time.Duration // the same for bytes that it sent: no client that gives up looks like that
	grown     time.Duration // and when that was seen
	inside    counts        // of requests
	// Of a process that listens nowhere: when what is outstanding on its connections was sent, by the other side's port.
	owed   map[int]time.Duration
	unread counts // of those that nobody has begun to read, or not to their end
}

func noRequests(at time.Duration) requests {
	return requests{sampledAt: -1, before: -1, firstAt: unset, running: unset, answered: at, earliest: at, grew: unset,
		grown: unset}
}

// counts are how many requests were inside, or tasks open, at the last looks, oldest first: of 6 s.
type counts []countAt

type countAt struct {
	at time.Duration
	n  int
}

func (c *counts) note(at time.Duration, n int) {
	*c = append(*c, countAt{at, n})
	if len(*c) > 64 {
		*c = slices.Delete(*c, 0, 1)
	}
}

// least is the least since a moment, as far back as there are looks, and at most now.
func (c counts) least(since time.Duration, now int) int {
	for _, one := range c {
		if one.at >= since {
			now = min(now, one.n)
		}
	}
	return now
}

// servesNobody says whether a process that accepts connections has none of which a request is outstanding.
func (p *process) servesNobody() bool {
	return p.ready && !p.noListener && p.open == 0 && p.sample.Inside+p.sample.Doubtful == 0 && p.sampledAt >= 0
}

// began is when the oldest outstanding request came.
func (p *requests) began() time.Duration { return p.sampledAt - p.sample.Oldest }

// ageOf is how long the request of a client's port waits for its answer.
func (p *requests) ageOf(port int) (time.Duration, bool) {
	for i, one := range p.sample.Ports {
		if one == port && port != 0 && i < len(p.sample.Ages) {
			return p.sample.Ages[i], true
		}
	}
	at, owes := p.owed[port]
	return p.sampledAt - at, owes && port != 0
}

// progressed says whether a request was answered between two samples. The oldest request's beginning must not move
// while it waits; a client that gave up moves it as well, which is why a thread that is known to stand still counts for
// more. The beginning is computed from an age that was read before the sample was recorded, so it shifts where hangtime
// is slow: the same connection with an age that grew is the same request.
func (p *requests) progressed(old, ev history.WorkerSample, at, slack time.Duration) bool {
	if ev.Answered > old.Answered || ev.Inside < old.Inside {
		return true
	}
	if len(old.Ports) > 0 && len(ev.Ports) > 0 && old.Ports[0] == ev.Ports[0] && ev.Oldest >= old.Oldest {
		return false
	}
	return old.Inside > 0 && ev.Inside > 0 && at-ev.Oldest > p.sampledAt-old.Oldest+slack
}
