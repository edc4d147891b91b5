package verdict

import (
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/words"
)

// briefly is how long all senders may be in use without a word.
const briefly = 100 * time.Millisecond

// loadNotes say where the load generator, not the server, was the limit: response times are then true as seen from
// outside, but not the server's alone.
func loadNotes(l metrics.Load) []string {
	var all []string
	if l.Exhausted > briefly {
		all = append(all, fmt.Sprintf("all %s senders were in use for %s and hits waited for one; their wait is in their response time (load.senders is the limit)",
			words.Number(l.Senders), words.Duration(l.Exhausted)))
	}
	if l.BoundWhole != "" {
		all = append(all, l.BoundWhole+"; response times include that")
	}
	return all
}
