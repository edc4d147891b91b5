package temporal

import (
	"fmt"

	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// guarantees are those of activities, docs.temporal.io/standalone-activity; what outlives a power cut is up to the
// database that the server keeps them in, of which it says nothing.
func guarantees(own *Settings) tasks.Guarantees {
	return tasks.Guarantees{
		Name: Name,
		WorkerDies: "survived: what it held is given to another worker after about a second, and may be done twice; " +
			fmt.Sprintf("what was on its way to it, after %v", own.AckWait),
		EngineDies: "survived: Temporal answers when its database has the task; requests wait for a server that is away for up to " + putLimit.String(),
		PowerCut:   "as Temporal's database is set: survived where a commit is on its disk",
		SameKey:    "one is done, for as long as the namespace remembers tasks that have ended (its retention)",
		Fails:      own.Fails() + ": its activity has failed",
	}
}
