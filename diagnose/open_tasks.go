package diagnose

import "time"

// openTasks are the tasks that a process accepted and has not ended.
type openTasks struct {
	open     int
	openFrom time.Duration // when the oldest of these was accepted
	opened   counts        // how many they were
	took     time.Duration // when it was last seen to take one
	finished bool          // it has ended a task, ever
	ended    time.Duration // last sign of progress of its tasks
	endedMin time.Duration // and when that may have been at the earliest: the look before
	tasksAt  time.Duration // when its tasks were last looked at
	tasksSeq uint64
	queued   bool // it works for a queue: its code was once at a task of one
}
