package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/words"
)

// A Moment is one thing that happened in an incident.
type Moment struct {
	At   time.Duration
	What string
}

// Story is an incident from the fault to the recovery, in order: what a report tells of it. now is the end of what is
// known.
func (i Incident) Story(now time.Duration) []Moment {
	var all []Moment
	say := func(at time.Duration, format string, args ...any) {
		if at >= 0 {
			all = append(all, Moment{at, fmt.Sprintf(format, args...)})
		}
	}
	if i.Fault != "" {
		say(i.Injected, "the fault %s took effect", i.Fault)
	}
	if i.Kind == KindHang {
		i.hangStory(now, say)
	} else {
		for _, v := range i.Victims {
			say(v.From, "worker %d (pid %d) died: %s", v.Place, v.PID, v.End)
		}
	}
	say(i.Recovered, "over: every worker makes progress again")
	slices.SortStableFunc(all, func(a, b Moment) int { return int(a.At - b.At) })
	if i.Ended < 0 {
		say(now, "still going on; the longest stall so far is %s", words.Seconds(i.Longest(now)))
	}
	return all
}

func (i Incident) hangStory(now time.Duration, say func(time.Duration, string, ...any)) {
	for _, v := range i.Victims {
		say(v.From, "worker %d (pid %d) stood still from here on, by the evidence", v.Place, v.PID)
		if v.To >= 0 {
			say(v.To, "worker %d (pid %d) after %s: %s", v.Place, v.PID, words.Seconds(v.To-v.From), v.End)
		}
	}
	say(i.Symptom, "first suspicion: work present, no progress")
	say(i.Detected, "certain: %s (%s)", i.Cause.Sentence, i.Cause.Confidence)
}

// Price is what an incident cost, in words; empty: nothing that was seen.
func (c Cost) Price() []string {
	var all []string
	say := func(is bool, format string, args ...any) {
		if is {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	say(c.Inside > 0, "%s inside a worker that stood still or died", words.Were(c.Inside, "request"))
	say(c.Failed > 0, "%s that %s due in that time failed", words.Count(c.Failed, "request"),
		words.Choose(c.Failed, "was", "were"))
	say(c.Slowest > 0, "the slowest of %d that were followed into it took %s", c.Joined, words.Seconds(c.Slowest))
	say(c.Tasks > 0, "%s open when their worker died", words.Were(c.Tasks, "task"))
	say(c.Lost > 0, "%s lost", words.Were(c.Lost, "task"))
	say(c.Dropped > 0, "the kernel dropped %d connections because nobody accepted them", c.Dropped)
	return all
}
