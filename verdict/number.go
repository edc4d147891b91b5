package verdict

import (
	"math"
	"time"

	"github.com/hangtime-dev/hangtime/words"
)

// enough says whether so many hits have a q-th percentile: one of them must lie beyond it. That makes 2 for the
// median, 100 for the 99th, 1,000 for the 99.9th.
func enough(q float64, n uint64) bool {
	if q >= 100 {
		return n > 0
	}
	return float64(n) >= math.Ceil(100/(100-q)-1e-9)
}

// number is a measured value: unknown, exact, or a lower bound.
type number struct {
	value   float64
	known   bool
	atLeast bool
}

func count[N int | uint64](n N) number { return number{value: float64(n), known: true} }

func millis(d time.Duration) number {
	return number{value: float64(d) / float64(time.Millisecond), known: true}
}

func share(part, whole uint64) number {
	return number{value: float64(part) / float64(whole), known: whole > 0}
}

func knownIf(n number, ok bool) number { n.known = n.known && ok; return n }

// quantile is the q-th percentile of n hits.
func quantile(q float64, d time.Duration, n uint64) number { return knownIf(millis(d), enough(q, n)) }

// textOf writes a number for people, with its unit.
func textOf(n number, unit string) string {
	if !n.known {
		return "-"
	}
	at := ""
	if n.atLeast {
		at = "> "
	}
	switch unit {
	case "ms":
		return at + words.Milliseconds(n.value)
	case "bytes":
		return at + words.Bytes(n.value)
	case "share":
		return at + words.Share(n.value)
	}
	return at + words.Number(n.value)
}

// Text writes a figure's value for people.
func Text(value float64, unit string, known bool) string {
	return textOf(number{value: value, known: known}, unit)
}
