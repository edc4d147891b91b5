package accesslog

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// parseMoment reads RFC 3339 and its like, the Common format's time, or a number of seconds, milli-, micro- or
// nanoseconds since 1970.
func parseMoment(text string) (at time.Time, fine, ok bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700",
		"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", commonTime} {
		if at, err := time.Parse(layout, strings.Replace(text, ",", ".", 1)); err == nil {
			return at, at.Nanosecond() != 0, true
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > 4e18 {
		return time.Time{}, false, false
	}
	scale := 1.0
	for n/scale > 1e11 { // seconds end at 1e11 in the year 5138
		scale *= 1000
	}
	whole, part := math.Modf(n / scale)
	return time.Unix(int64(whole), int64(part*1e9)), part != 0, true
}
