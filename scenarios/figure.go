package scenarios

// A Figure is one number of a variant that checks can use and the verdict shows; docs/metrics.md defines each.
type Figure struct {
	Name  string
	Title string
	Unit  string // "ms", "share", or empty for a count
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
		{"p50", "response time p50", "ms"},
		{"p90", "response time p90", "ms"},
		{"p99", "response time p99", "ms"},
		{"max", "response time max", "ms"},
		{"p99_before", "p99 before the fault", "ms"},
		{"p99_during", "p99 during the fault", "ms"},
		{"p99_after", "p99 after the fault", "ms"},
		{"incidents", "incidents", ""},
		{"hangs", "hangs", ""},
		{"crashes", "crashes", ""},
		{"longest_stall", "longest stall", "ms"},
		{"detection", "detected after", "ms"},
		{"recovery", "recovery time", "ms"},
		{"replacement", "longest time to a replacement", "ms"},
		{"deaths", "workers that died", ""},
		{"missing", "workers missing at the end", ""},
		{"tasks_accepted", "tasks accepted", ""},
		{"tasks_done", "tasks done", ""},
		{"tasks_failed", "tasks failed or timed out", ""},
		{"tasks_lost", "tasks lost", ""},
	}
}
