package rabbitmq

import "github.com/hangtime-dev/hangtime/reference-server/tasks"

// guarantees are those of quorum queues and of a publisher that waits for their word, rabbitmq.com/docs/quorum-queues
// and rabbitmq.com/docs/confirms.
func guarantees(own *Settings) tasks.Guarantees {
	return tasks.Guarantees{
		Name:       Name,
		WorkerDies: "survived: what it held is given to another worker at once, and may be done twice",
		EngineDies: "survived: once the broker is started again it has every task; requests wait for it for up to " + putLimit.String(),
		PowerCut:   "survived: a task is accepted when the quorum queue has it on the disks of most of its nodes",
		SameKey:    "one is done, if both come to this server while it remembers the first; the broker knows no keys",
		Fails:      own.Fails(),
	}
}
