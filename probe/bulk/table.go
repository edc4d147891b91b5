package bulk

import "time"

// A table is one kind of row, and what each way to read it costs.
type table[R any] struct {
	rows []R
	each least // a thread by /proc, or the sockets of a worker by itself
	all  least // everything by BPF
}

// least is about the shortest time that something took of late, by the clock: what a busy machine adds by chance is
// left out.
type least time.Duration

func (l *least) note(d time.Duration) {
	if grown := *l + *l/32; *l == 0 || least(d) < grown {
		*l = least(d)
	} else {
		*l = grown
	}
}

// otherEvery is how often the way that cost more is tried again, in ticks: the machine may have other processes by
// then.
const otherEvery = 600

// cheaper says whether to read all by BPF rather than count things one by one; the way whose cost is not known yet
// comes first.
func (t *table[R]) cheaper(tick, count int) bool {
	return count > 0 && (t.all == 0 || t.each > 0 && (t.all < t.each*least(count)) != (tick%otherEvery == 0))
}
