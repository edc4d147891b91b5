package verdict

import (
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/metrics"
)

// How much of its own lateness the load generator says nothing about.
const (
	laggingShare = 0.01
	briefly      = 100 * time.Millisecond
)

// notes say where the load generator, not the server, was the limit: response times are then true as seen from outside, but not the server's alone.
func notes(l metrics.Load) []string {
	var all []string
	if l.Exhausted > briefly {
		all = append(all, fmt.Sprintf("all %s senders were in use for %s and hits waited for one; their wait is in their response time (load.senders is the limit)",
			grouped(float64(l.Senders)), Duration(l.Exhausted)))
	}
	if l.Lagging > laggingShare {
		all = append(all, fmt.Sprintf("hangtime itself was the limit: %.0f %% of the requests left more than 1 ms late although a sender was free, at worst %s; response times include that (a lower rate or a quieter machine avoids it)",
			max(l.Lagging*100, 1), Duration(l.LagMax)))
	}
	if l.Bound != "" && l.Lagging <= laggingShare {
		all = append(all, l.Bound)
	}
	return all
}
