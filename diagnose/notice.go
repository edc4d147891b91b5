package diagnose

import (
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// A Notice is something that explains how a server suffers and that is no hang of any worker: connections that were
// dropped, a quota that was used up.
type Notice struct {
	Cause Cause
	From  time.Duration
	To    time.Duration // when it was last seen
	Seen  int           // how often
}

// noticeGap is after how long without being seen a notice is over: the next is another.
const noticeGap = 5 * time.Second

// maxNotices bounds how many are kept; later ones are not.
const maxNotices = 100

// notices are kept by what they are about, in the order in which they began.
type notices struct {
	*server
	all  []*Notice
	last map[string]*Notice

	dropped  uint64 // connections, by the kernel's count
	overflow uint64 // of these, in the newest notice
	counted  bool   // it was read once
}

// going is the notice about something that is not over; nil: the next is another.
func (n *notices) going(about string, at time.Duration) *Notice {
	if one := n.last[about]; one != nil && at-one.To <= noticeGap {
		return one
	}
	return nil
}

// note adds to a notice that is not over, or begins one.
func (n *notices) note(about string, from, at time.Duration, cause Cause) {
	one := n.going(about, at)
	if one == nil {
		if len(n.all) >= maxNotices {
			return
		}
		if n.last == nil {
			n.last = map[string]*Notice{}
		}
		one = &Notice{From: max(from, 0)}
		n.all = append(n.all, one)
		n.last[about] = one
	}
	cause = cause.forPeople(true)
	cause.Evidence = append(one.Cause.Evidence, cause.Evidence...)
	if len(cause.Evidence) > maxNoticed {
		cause.Evidence = cause.Evidence[:maxNoticed]
	}
	one.Cause, one.To = cause, at
	one.Seen++
}

// maxNoticed bounds the evidence of one notice; it is that of its beginning.
const maxNoticed = 16

// Notices are all so far, in the order in which they began.
func (n *notices) Notices() []Notice {
	var all []Notice
	for _, one := range n.all {
		told := *one
		told.Cause = told.Cause.clone()
		all = append(all, told)
	}
	return all
}

// throttled notices a group that was out of quota in most of the time since the last look.
func (n *notices) throttled(r history.Record, g *controlGroup) {
	share, is := g.throttles()
	if !is {
		return
	}
	c := Cause{Kind: CauseThrottled, Confidence: Proven, Short: fmt.Sprintf("quota of %.2g processors", g.Quota),
		Evidence: []uint64{r.Seq}}
	c.Sentence = fmt.Sprintf("the control group %s used up its quota of %.2g processors for %.0f %% of the time, and its processes waited %s for it since the last look",
		g.Path, g.Quota, 100*share, words.Seconds(g.lostFor))
	n.note("throttled "+g.Path, g.before, r.At, c)
}

// overfull notices connections that the kernel dropped.
func (n *notices) overfull(r history.Record, more uint64) {
	if n.going("backlog", r.At) == nil {
		n.overflow = 0
	}
	n.overflow += more
	c := Cause{Kind: CauseBacklog, Confidence: Likely,
		Short:    fmt.Sprintf("%s dropped", words.Count(n.overflow, "connection")),
		Evidence: []uint64{r.Seq}}
	c.Sentence = fmt.Sprintf("the kernel dropped %s because no worker accepted them in time and the backlog was full",
		words.Count(n.overflow, "connection"))
	if n.backlogLimit > 0 {
		c.Sentence += fmt.Sprintf(" (%d of %d)", n.backlog, n.backlogLimit)
		if n.backlog >= n.backlogLimit {
			c.Confidence = Proven // seen full, and seen to drop
		}
	}
	n.note("backlog", r.At, r.At, c)
}

// overflowed takes the kernel's count, and says how many connections it has dropped since the last. The first of a whole
// network namespace tells nothing of this server.
func (n *notices) overflowed(r history.Record, ev history.Overflow) uint64 {
	more := less(ev.Dropped, n.dropped)
	first := !n.counted && !ev.Own
	n.dropped, n.counted = ev.Dropped, true
	if first || more == 0 {
		return 0
	}
	n.overfull(r, more)
	return more
}
