package scenarios

// A Figure is one number of a variant that checks can use and the verdict shows; docs/metrics.md defines each.
type Figure struct {
	Name  string
	Title string
	Unit  string // "ms", "share", "bytes", or empty for a count
}

// Figures are all there are, in the order in which a verdict shows them.
func Figures() []Figure {
	return []Figure{
		{"requests", "requests due", ""},
		{"ok", "requests ok", ""},
		{"failed", "requests failed", ""},
		{"unanswered", "requests unanswered", ""},
		{"dropped", "requests never sent", ""},
		{"late", "requests sent late", ""},
		{"error_share", "share of failed requests", "share"},
		{"achieved", "answered ok of what was offered", "share"},
		{"mean", "response time, mean", "ms"},
		{"p50", "response time p50", "ms"},
		{"p90", "response time p90", "ms"},
		{"p95", "response time p95", "ms"},
		{"p99", "response time p99", "ms"},
		{"p999", "response time p99.9", "ms"},
		{"max", "response time max", "ms"},
		{"p99_before", "p99 before the fault", "ms"},
		{"p99_during", "p99 during the fault", "ms"},
		{"p99_after", "p99 after the fault", "ms"},
		{"incidents", "incidents", ""},
		{"hangs", "hangs", ""},
		{"crashes", "crashes", ""},
		{"hung_workers", "workers that hung", ""},
		{"longest_stall", "longest stall", "ms"},
		{"detection", "detected after", "ms"},
		{"recovery", "recovery time", "ms"},
		{"recovery_p50", "recovery time, median over faults", "ms"},
		{"replacement", "replaced within, longest", "ms"},
		{"deaths", "workers that died", ""},
		{"missing", "workers missing at the end", ""},
		{"leaked", "processes left over", ""},
		{"memory_growth", "largest growth of a worker's memory", "bytes"},
		{"tasks_accepted", "tasks accepted", ""},
		{"tasks_done", "tasks done", ""},
		{"tasks_failed", "tasks failed or timed out", ""},
		{"tasks_dead_lettered", "tasks dead-lettered", ""},
		{"tasks_lost", "tasks lost", ""},
		{"tasks_stuck", "tasks stuck", ""},
		{"tasks_done_twice", "tasks done twice", ""},
		{"tasks_redelivered", "tasks given out again", ""},
		{"queue_depth", "most tasks in the queue", ""},
		{"queue_oldest", "oldest task in the queue", "ms"},
		{"queue_emptied", "queue empty after", "ms"},
		{"tasks_duplicated", "tasks run twice", ""},
		{"log_lines", "task log lines", ""},
		{"log_torn", "task log lines torn", ""},
		{"log_missing", "tasks ended without a log line", ""},
	}
}

// onlyNoticed says of a cause that no incident can have it.
func onlyNoticed(cause string) (string, bool) {
	if cause == "throttled" || cause == "backlog" || cause == "loses-tasks" {
		return cause + " is noticed beside other things and is never an incident of its own", true
	}
	return "", false
}

// Causes are the kinds of causes that an incident can have; a test holds the list to package diagnose.
func Causes() []string {
	return []string{
		"file-lock", "mutex", "pipe-full", "disk", "socket-wait", "database-lock", "sleeping", "cpu-bound", "pool-exhausted", "stopped",
		"memory", "slow-client", "descriptors",
		"dead-loop", "killed", "exited", "boot-loop", "throttled", "backlog", "loses-tasks", "pipe-empty", "child", "terminal",
		"semaphore", "self-call", "leaving", "event", "retry", "unknown",
	}
}
