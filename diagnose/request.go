package diagnose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// requestWords names a request for people: "GET /pay", or a queue's task "tasks.fetch 5f0c…".
func requestWords(r history.Request) string {
	text := r.Path
	if r.Method != "" {
		text = r.Method + " " + text
	}
	if r.Query != "" {
		text += "?" + r.Query
	}
	if r.ID != "" {
		text += " " + r.ID
	}
	return text
}

// maxRequests bounds how many requests of one worker are named.
const maxRequests = 16

// requestsOf are what the process works on, the oldest first: "GET /pay, 3.2 s". Of tasks that wait at one place
// together one line tells.
func requestsOf(x sight, p *process) []string {
	type asked struct {
		text string
		age  time.Duration
	}
	var all []asked
	add := func(request *history.Request, idle bool, count int, at time.Duration) {
		if request == nil || idle {
			return
		}
		one := asked{text: requestWords(*request)}
		if age, ok := p.ageOf(request.Port); ok {
			one.age = age + x.now - p.sampledAt
		} else if request.For > 0 {
			one.age = request.For + x.now - at
		}
		if count > 1 {
			one.text = fmt.Sprintf("%d x %s", count, one.text)
		}
		all = append(all, one)
	}
	for _, tid := range slices.Sorted(maps.Keys(p.stacks)) {
		add(p.stacks[tid].Request, p.stacks[tid].Idle, 1, p.stacks[tid].at)
	}
	for _, tid := range slices.Sorted(maps.Keys(p.chains)) {
		for _, link := range p.chains[tid].Links {
			if st := p.stacks[tid]; st == nil || st.Request == nil { // else it is the same
				add(link.Request, link.Idle || !link.Child, 1, x.now)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.tasks)) {
		add(p.tasks[id].Request, p.tasks[id].Idle, p.tasks[id].Count, p.tasks[id].at)
	}
	slices.SortStableFunc(all, func(a, b asked) int { return cmp.Compare(b.age, a.age) })
	var out []string
	for _, one := range all[:min(len(all), maxRequests)] {
		if one.age > 0 {
			one.text += ", " + words.Seconds(one.age)
		}
		out = append(out, one.text)
	}
	return out
}
