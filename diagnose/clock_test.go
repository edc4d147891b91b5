package diagnose

import (
	"testing"
	"time"
)

// TestSilence: one window may be a machine that stood still, many are one that is busy.
func TestSilence(t *testing.T) {
	for name, row := range map[string]struct {
		windows []window
		want    time.Duration
	}{
		"hangtime was never late": {nil, 10 * s},
		"late once":               {[]window{{2 * s, 9 * s}}, 3 * s},
		"late all the time":       {[]window{{0, 10 * s}}, 0},
		"late again and again, of which half counts":     {[]window{{0, 3 * s}, {3*s + 100*ms, 6 * s}, {6*s + 100*ms, 9 * s}}, 5 * s},
		"late twice, of which the longer does not count": {[]window{{0, 8 * s}, {8*s + 100*ms, 9 * s}}, 2 * s},
		"two clocks that were late at once":              {[]window{{1 * s, 6 * s}, {2 * s, 7 * s}}, 5 * s},
		"one that was late for longer":                   {[]window{{3 * s, 5 * s}, {2 * s, 7 * s}}, 5 * s},
		"late for a while":                               {[]window{{0, 1 * s}, {2 * s, 3 * s}}, 8 * s},
	} {
		ck := clock{}
		for _, one := range row.windows {
			ck.blinded(one.from, one.to)
		}
		if got := ck.silence(0, 10*s); got != row.want {
			t.Errorf("%s: got %v, want %v", name, got, row.want)
		}
	}
}
