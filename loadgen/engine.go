package loadgen

import (
	"context"
	"fmt"
	"slices"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/loadgen/nethttp"
)

// An engine sends the hits of a job. Run returns when all have ended, or at once when ctx ends: those in flight are
// then unanswered, those not sent dropped. Every hit that is due before the job's end has become exactly one outcome
// when it returns.
type engine interface {
	// It fails only before the first hit.
	Run(ctx context.Context) error
	// Measure brings the job's meter up to date.
	Measure()
	// Wake makes it look at the timetable again.
	Wake()
	// Processors is how many it can use at once.
	Processors() int
}

// The engines' names.
const (
	engineFast     = "fast"
	engineStandard = "net/http"
)

// choose takes the fast engine where it can do what is asked, or the one that was asked for. reason is why it is not
// the fast one.
func choose(j *hit.Job, asked string) (chosen engine, name, reason string, err error) {
	if !slices.Contains([]string{"", engineFast, engineStandard}, asked) {
		return nil, "", "", fmt.Errorf("engine %q: want %s or %s", asked, engineFast, engineStandard)
	}
	reason = "asked for"
	if asked != engineStandard {
		fast, why, err := newFast(j)
		switch {
		case err != nil:
			return nil, "", "", err
		case fast != nil:
			return fast, engineFast, "", nil
		case asked == engineFast:
			return nil, "", "", fmt.Errorf("the fast engine cannot do this: %s", why)
		}
		reason = why
	}
	standard, err := nethttp.New(j)
	if err != nil {
		return nil, "", "", err
	}
	return standard, engineStandard, reason, nil
}
