package metrics

import (
	"cmp"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/hdr"
	"github.com/hangtime-dev/hangtime/history"
)

// What counts as recovered: every window of a whole second answers as it did before the fault.
const (
	recoveryWindow = 100 * time.Millisecond
	recoverySteady = time.Second
	recoverySlack  = 10 * time.Millisecond
	recoveryFactor = 2
	maxWindows     = 36_000 // an hour of windows; what is due later no longer belongs to a recovery
)

// A Recovery is what happened after one healed fault.
type Recovery struct {
	Fault string
	Heal  time.Duration // when the fault was healed; for an instant fault, when it struck
	// Took is from Heal to the first window from which on hits were answered as before the fault, for at least one
	// second. Where AtLeast is true that was not seen: it took longer than Took.
	Took    time.Duration
	AtLeast bool
}

type outcomes struct {
	ended  uint64
	failed uint64    // of these
	bars   []hdr.Bar // by time, each time once: a histogram would be 27 KB for a dozen of them
}

// recovery keeps what became of the hits that were due since the first fault, window by window.
type recovery struct {
	windows map[int64]*outcomes // by number of 100 ms since 0
	dues    dues
	faults  []Recovery
	atOnce  map[string]bool // faults that are over the moment they strike
}

func (c *recovery) asked(ev history.FaultAsked) {
	if c.atOnce == nil {
		c.atOnce = map[string]bool{}
	}
	c.atOnce[ev.ID] = ev.For == 0
}

func (c *recovery) struck(at time.Duration, id string) {
	c.watch()
	if c.atOnce[id] {
		c.faults = append(c.faults, Recovery{Fault: id, Heal: at})
	}
}

func (c *recovery) healed(at time.Duration, id string) {
	c.watch()
	if !slices.ContainsFunc(c.faults, func(r Recovery) bool { return r.Fault == id }) {
		c.faults = append(c.faults, Recovery{Fault: id, Heal: at})
	}
}

// watch keeps windows from now on.
func (c *recovery) watch() {
	if c.windows == nil {
		c.windows = map[int64]*outcomes{}
	}
}

func (c *recovery) window(due time.Duration) *outcomes {
	if c.windows == nil {
		return nil
	}
	i := int64(due / recoveryWindow)
	if c.windows[i] == nil && len(c.windows) < maxWindows {
		c.windows[i] = &outcomes{}
	}
	return c.windows[i]
}

func (c *recovery) due(w history.LoadWindow) {
	if c.windows != nil {
		c.dues.add(w.From, w.To, w.Due)
	}
}

func (c *recovery) hits(w history.HitWindow, failed uint64) {
	if o := c.window(w.Due); o != nil {
		o.ended += w.OK + failed
		o.failed += failed
	}
}

func (c *recovery) took(due time.Duration, bars []hdr.Bar) {
	if o := c.window(due); o != nil {
		o.add(bars)
	}
}

// all computes the recoveries as seen up to until, the moment at which the last hits were due. before is the p99 of the
// phase before.
func (c *recovery) all(before, until time.Duration) []Recovery {
	limit := recoveryFactor*before + recoverySlack
	out := slices.Clone(c.faults)
	for i := range out {
		out[i].Took, out[i].AtLeast = c.until(out[i].Heal, until, limit)
	}
	return out
}

// until looks for a steady second. A hit that has not ended is in no window: a second that is steady by what has ended
// in it is no recovery while more than one in ten of the hits due in it is still on its way, and one in which nothing
// was due shows nothing yet.
func (c *recovery) until(heal, until, limit time.Duration) (took time.Duration, atLeast bool) {
	first := int64((heal + recoveryWindow - 1) / recoveryWindow)
	from, ended := first, uint64(0) // no window from there on is unsteady, and so many hits ended in them
	for i := first; ; i++ {
		begin := time.Duration(i) * recoveryWindow
		for ended > 0 && i-from >= int64(recoverySteady/recoveryWindow) {
			since := time.Duration(from) * recoveryWindow
			switch {
			case 10*ended < 9*c.dues.within(since, begin):
				ended -= c.windows[from].count()
				from++
			case from == first:
				return 0, false
			default:
				return since - heal, false
			}
		}
		if begin > until-recoveryWindow {
			return max(until-heal, 0), true
		}
		o := c.windows[i]
		if o == nil && ended == 0 && i-from > longSilence {
			next, any := c.next(i)
			if !any {
				return max(until-heal, 0), true
			}
			i = next - 1 // it is looked at in the next turn
			continue
		}
		ended += o.count()
		if !o.steady(limit) {
			from, ended = i+1, 0
		}
	}
}

// longSilence is how many windows without a hit are gone through one by one.
const longSilence = 1000

// next is the first window from one on in which a hit ended.
func (c *recovery) next(from int64) (first int64, any bool) {
	for i := range c.windows {
		if i >= from && (!any || i < first) {
			first, any = i, true
		}
	}
	return first, any
}

// count is how many hits ended in a window; nil is one in which none did.
func (o *outcomes) count() uint64 {
	if o == nil {
		return 0
	}
	return o.ended
}

func (o *outcomes) add(bars []hdr.Bar) {
	all := slices.Concat(o.bars, bars)
	slices.SortFunc(all, func(a, b hdr.Bar) int { return cmp.Compare(a.Took, b.Took) })
	o.bars = all[:0]
	for _, one := range all {
		if n := len(o.bars); n > 0 && o.bars[n-1].Took == one.Took {
			o.bars[n-1].N += one.N
			continue
		}
		o.bars = append(o.bars, one)
	}
	o.bars = slices.Clip(o.bars)
}

// steady says whether what has ended in a window did so as before the fault.
func (o *outcomes) steady(limit time.Duration) bool {
	return o == nil || o.failed == 0 && o.p90() <= limit
}

// p90 is the least time within which nine of ten hits were answered; 0 where there were none.
func (o *outcomes) p90() time.Duration {
	var total, sum int64
	for _, one := range o.bars {
		total += one.N
	}
	for _, one := range o.bars {
		if sum += one.N; 10*sum >= 9*total {
			return time.Duration(one.Took) * time.Microsecond
		}
	}
	return 0
}
