package diagnose

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A controlGroup is what is known of the limits that a process runs under.
type controlGroup struct {
	history.Cgroup
	at, before time.Duration // of the last two looks; -1: none
	seq        uint64
	periods    uint64        // since the look before
	throttled  uint64        // of these
	lostFor    time.Duration //
	kills      time.Duration // when its counter of kills was last seen to grow; -1: never
	usedUp     time.Duration // when it was last seen to be out of quota in most of its periods; -1: never
	frozen     time.Duration // since when it is seen frozen; -1: it is not
	starved    time.Duration // since when it is seen out of memory with the killer off; -1: it is not
}

func noGroup() controlGroup {
	return controlGroup{at: -1, before: -1, kills: -1, usedUp: -1, frozen: -1, starved: -1}
}

func (g *controlGroup) looked(r history.Record, ev history.Cgroup) {
	if g.at >= 0 && ev.Path == g.Path {
		g.periods, g.throttled, g.lostFor = less(ev.Periods, g.Periods), less(ev.Throttled, g.Throttled),
			max(0, ev.ThrottledFor-g.ThrottledFor)
		if ev.OOMKills > g.OOMKills {
			g.kills = r.At
		}
	}
	g.frozen = sinceWhen(ev.Frozen, g.frozen, r.At)
	g.starved = sinceWhen(ev.UnderOOM, g.starved, r.At)
	g.before, g.at, g.seq, g.Cgroup = g.at, r.At, r.Seq, ev
	if _, yes := g.throttles(); yes {
		g.usedUp = r.At
	}
}

func less(now, before uint64) uint64 {
	if now < before {
		return 0
	}
	return now - before
}

func sinceWhen(is bool, before, at time.Duration) time.Duration {
	switch {
	case !is:
		return -1
	case before >= 0:
		return before
	}
	return at
}

// throttles says whether the group was out of quota in most of the periods of its last look, and for what share of the
// time.
func (g *controlGroup) throttles() (share float64, yes bool) {
	if g.periods == 0 || g.before < 0 {
		return 0, false
	}
	share = float64(g.throttled) / float64(g.periods)
	return share, share > 0.5
}
