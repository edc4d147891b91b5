package loadgen

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/accesslog"
	"github.com/hangtime-dev/hangtime/loadgen/request"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// mostReplayed bounds a replay: each hit takes 16 bytes while the log is read, and 12 more as a schedule, which are
// what stays.
const mostReplayed = 8_000_000

// longestReplay bounds how long a replay takes: a log in which one line is years away from the others has a wrong clock.
const longestReplay = 31 * 24 * time.Hour

// prepareReplay reads the log that a plan names.
func prepareReplay(plan scenarios.Load, base *url.URL) (*work, error) {
	b := &replayBuilder{base: base, limit: plan.Timeout, known: map[string]uint32{}}
	skipped, err := accesslog.ReadFile(plan.Log, b.add)
	if err != nil {
		return nil, fmt.Errorf("access log %w", err)
	}
	if len(b.moments) == 0 {
		return nil, fmt.Errorf("access log %s has no request that could be sent (%d lines without one)", plan.Log, skipped)
	}
	speed := cmp.Or(plan.Speed, 1)
	if long := b.span() / speed; long > longestReplay.Seconds() {
		return nil, fmt.Errorf("access log %s: its requests lie %.0f days apart, which at %vx takes %.0f days; want at most %.0f",
			plan.Log, b.span()/86400, speed, long/86400, longestReplay.Hours()/24)
	}
	return b.work(speed, skipped), nil
}

type replayBuilder struct {
	base    *url.URL
	limit   time.Duration
	known   map[string]uint32
	targets []request.Target
	moments []schedule.Moment
}

func (b *replayBuilder) add(r accesslog.Request) error {
	key := r.Method + " " + r.Path
	i, ok := b.known[key]
	if !ok {
		if len(b.targets) >= request.Most {
			return fmt.Errorf("more than %d different requests", request.Most)
		}
		t, err := request.New(scenarios.Target{Method: r.Method, Path: r.Path}, b.base, b.limit)
		if err != nil {
			return err
		}
		t.Expect = nil
		i = uint32(len(b.targets))
		b.targets = append(b.targets, t)
		b.known[key] = i
	}
	if len(b.moments) >= mostReplayed {
		return fmt.Errorf("more than %d requests; want a shorter log", mostReplayed)
	}
	b.moments = append(b.moments, schedule.Moment{At: r.At.UnixNano(), Fine: r.Fine, Target: i})
	return nil
}

// span is how long the log is, in seconds: it may be longer than a time.Duration.
func (b *replayBuilder) span() float64 {
	byTime := func(x, y schedule.Moment) int { return cmp.Compare(x.At, y.At) }
	return (float64(slices.MaxFunc(b.moments, byTime).At) - float64(slices.MinFunc(b.moments, byTime).At)) / 1e9
}

// work is the log as a schedule; a rate that a person sets goes to the targets in the log's shares.
func (b *replayBuilder) work(speed float64, skipped int) *work {
	hits := make([]int, len(b.targets))
	for _, m := range b.moments {
		hits[m.Target]++
	}
	s, most := schedule.Replay(b.moments, speed, skipped)
	return &work{b.targets, schedule.Rotation(hits), s, most}
}
