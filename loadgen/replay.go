package loadgen

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/hangtime-dev/hangtime/loadgen/accesslog"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// mostReplayed bounds a replay: each hit takes 16 bytes while the log is read, and 12 more as a schedule, which are what stays.
const mostReplayed = 20_000_000

// replayed is an access log as a schedule: hits at the moments of the log, once.
type replayed struct {
	due   []time.Duration
	to    []uint32
	words string
}

func (r *replayed) Due(n uint64) time.Duration {
	if n >= uint64(len(r.due)) {
		return never
	}
	return r.due[n]
}

func (r *replayed) target(n uint64) uint32 { return r.to[n] }

func (r *replayed) String() string { return r.words }

// prepareReplay reads the log that a plan names.
func prepareReplay(plan scenarios.Load, base *url.URL) (*work, error) {
	f, err := os.Open(plan.Log)
	if err != nil {
		return nil, fmt.Errorf("access log: %w", err)
	}
	defer f.Close()
	b := &replayBuilder{base: base, limit: plan.Timeout, known: map[string]uint32{}}
	skipped, err := accesslog.Read(f, b.add)
	if err != nil {
		return nil, fmt.Errorf("access log %s: %w", plan.Log, err)
	}
	if len(b.hits) == 0 {
		return nil, fmt.Errorf("access log %s has no request that could be sent (%d lines without one)", plan.Log, skipped)
	}
	return b.work(cmp.Or(plan.Speed, 1), skipped), nil
}

type replayBuilder struct {
	base    *url.URL
	limit   time.Duration
	known   map[string]uint32
	targets []target
	hits    []replayedHit
}

type replayedHit struct {
	at   int64 // ns since 1970
	fine bool
	to   uint32
}

func (b *replayBuilder) add(r accesslog.Request) error {
	key := r.Method + " " + r.Path
	i, ok := b.known[key]
	if !ok {
		if len(b.targets) >= mostTargets {
			return fmt.Errorf("more than %d different requests", mostTargets)
		}
		t, err := newTarget(scenarios.Target{Method: r.Method, Path: r.Path}, b.base, b.limit)
		if err != nil {
			return err
		}
		t.expect = nil
		i = uint32(len(b.targets))
		b.targets = append(b.targets, t)
		b.known[key] = i
	}
	if len(b.hits) >= mostReplayed {
		return fmt.Errorf("more than %d requests; want a shorter log", mostReplayed)
	}
	b.hits = append(b.hits, replayedHit{r.At.UnixNano(), r.Fine, i})
	return nil
}

// work is the log in order of time. Hits of one second of a log that counts in seconds are spread evenly over it, in the order in which they stand there.
func (b *replayBuilder) work(speed float64, skipped int) *work {
	slices.SortStableFunc(b.hits, func(x, y replayedHit) int { return cmp.Compare(x.at, y.at) })
	for from := 0; from < len(b.hits); {
		to := from + 1
		for to < len(b.hits) && b.hits[to].at == b.hits[from].at && !b.hits[to].fine {
			to++
		}
		if !b.hits[from].fine {
			for i := from; i < to; i++ {
				b.hits[i].at += int64(time.Second) / int64(to-from) * int64(i-from)
			}
		}
		from = to
	}
	// A second that is spread may reach into fine moments of the same log.
	slices.SortStableFunc(b.hits, func(x, y replayedHit) int { return cmp.Compare(x.at, y.at) })
	r := &replayed{due: make([]time.Duration, len(b.hits)), to: make([]uint32, len(b.hits))}
	first, most, second := b.hits[0].at, 0, 0
	for i, h := range b.hits {
		r.due[i], r.to[i] = time.Duration(float64(h.at-first)/speed), h.to
		for r.due[i]-r.due[second] >= time.Second {
			second++
		}
		most = max(most, i-second+1)
	}
	r.words = fmt.Sprintf("replay of %d requests over %v at %sx", len(r.due), r.due[len(r.due)-1].Round(time.Millisecond), strconv.FormatFloat(speed, 'g', 4, 64))
	if skipped > 0 {
		r.words += fmt.Sprintf(" (%d lines without a request)", skipped)
	}
	counts := make([]int, len(b.targets)) // for a rate that a person sets: in the log's shares
	for _, h := range b.hits {
		counts[h.to]++
	}
	return &work{b.targets, rotation(counts), r, float64(most)}
}
