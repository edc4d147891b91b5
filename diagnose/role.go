package diagnose

import (
	"strings"

	"github.com/hangtime-dev/hangtime/history"
)

// A role is what a thread is to its worker, as far as its name, its number and its language tell.
type role int

const (
	otherThread role = iota
	mainThread
	loopThread
	poolThread
	roles // how many there are
)

// roleOf tells it. A language may run the program's main function on another thread than the process's first one, as a
// JVM does, where the first only waits for that.
func (l *looks) roleOf(t history.ThreadSample) role {
	name := strings.ToLower(t.Name)
	switch {
	case strings.Contains(name, "loop"):
		return loopThread
	case strings.Contains(name, "pool") || strings.Contains(name, "exec") || strings.HasPrefix(name, "req-") ||
		strings.Contains(name, "srv tp"): // puma: "puma srv tp 001"
		return poolThread
	case l.program != 0:
		if t.TID == l.program {
			return mainThread
		}
	case t.TID == t.PID:
		return mainThread
	}
	return otherThread
}
