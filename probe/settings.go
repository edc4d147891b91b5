package probe

import (
	"fmt"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/stacks"
)

// A settler is a reader that finds how a worker of a task queue is set.
type settler interface {
	Settings() []stacks.Setting
}

// mostSettings bounds how many are recorded of one server.
const mostSettings = 100

// settings records how a worker of a task queue is set where that loses tasks: once for each that was found, for all
// processes of one application have the same.
func (r *stackReader) settings(pid int, reader stacks.Reader) {
	if one, does := reader.(settler); does {
		for _, s := range one.Settings() {
			r.setting(pid, s)
		}
	}
}

// once records that a task has one try.
func (r *stackReader) once(pid int, q stacks.Request) {
	if q.Once && q.Path != "" {
		r.setting(pid, stacks.Setting{System: "rq", Name: "retry", Tasks: []string{q.Path}, Of: 1})
	}
}

func (r *stackReader) setting(pid int, s stacks.Setting) {
	same := fmt.Sprint(s)
	if r.set[same] || len(r.set) >= mostSettings {
		return
	}
	if r.set == nil {
		r.set = map[string]bool{}
	}
	r.set[same] = true
	r.rec.Record(history.QueueSetting{PID: pid, System: s.System, Off: s.Name, Tasks: s.Tasks, Of: s.Of})
}
