package tasks

import (
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/tasklog"
)

// A journal writes the log lines of tasks, if anybody wants them.
type journal struct {
	wanted   bool
	log      *tasklog.Log
	board    *board.Board
	pid      int
	rss      func() uint64 // bytes
	measures *Measures
}

func (j *journal) say(what string, t *Task) {
	if j.wanted {
		j.log.Info(what, j.fields(t)...)
	}
}

// ended says what became of a task.
func (j *journal) ended(t *Task, state board.State, took time.Duration, err error) {
	if !j.wanted {
		return
	}
	args := append(j.fields(t), "state", state.String(), "took_ms", ms(took))
	switch {
	case state == board.Accepted:
		j.log.Warn("task to be tried again", append(args, "error", err.Error())...)
	case err != nil:
		j.log.Error("task failed", append(args, "error", err.Error())...)
	default:
		j.log.Info("task done", args...)
	}
}

func (j *journal) fields(t *Task) []any {
	return []any{"id", j.board.IDs.Of(t.Number), "pid", j.pid, "work", t.Work, "active", j.measures.active.Load(),
		"memory_mib", float64(j.rss()>>10) / 1024}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
