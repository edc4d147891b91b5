package metrics

import "time"

// rates are counts over the last second, kept for each 100 ms of it.
type rates struct{ dues, oks []counted }

type counted struct {
	at time.Duration
	n  uint64
}

func (r *rates) due(at time.Duration, n uint64) { r.dues = keep(r.dues, counted{at, n}) }
func (r *rates) ok(at time.Duration, n uint64)  { r.oks = keep(r.oks, counted{at, n}) }

func keep(kept []counted, c counted) []counted {
	kept = append(kept, c)
	first := 0
	for first < len(kept) && kept[first].at <= c.at-time.Second {
		first++
	}
	return append(kept[:0], kept[first:]...)
}

func (r *rates) at(now time.Duration) (offered, achieved float64) {
	sum := func(kept []counted) (n float64) {
		for _, c := range kept {
			if c.at > now-time.Second {
				n += float64(c.n)
			}
		}
		return n
	}
	return sum(r.dues), sum(r.oks)
}
