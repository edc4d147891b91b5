package diagnose

import (
	"strings"

	"github.com/hangtime-dev/hangtime/history"
)

// A role is what a thread is to its worker, as far as its name and number tell.
type role int

const (
	otherThread role = iota
	mainThread
	loopThread
	poolThread
	roles // how many there are
)

// roleOf tells it.
func roleOf(t history.ThreadSample) role {
	name := strings.ToLower(t.Name)
	switch {
	case strings.Contains(name, "loop"):
		return loopThread
	case strings.Contains(name, "pool") || strings.Contains(name, "exec") || strings.HasPrefix(name, "req-") ||
		strings.Contains(name, "srv tp"): // puma: "puma srv tp 001"
		return poolThread
	case t.TID == t.PID:
		return mainThread
	}
	return otherThread
}
