package python

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// mostTasks is how many tasks of one application are looked at.
const mostTasks = 1000

// Settings says what of a Celery worker's settings loses tasks when a process dies: whatever the application set, each
// task has what holds for it (celery.app.task.Task.bind). A worker keeps the tasks of its application in
// celery.app.trace._localized (setup_worker_optimizations there), which both its main process and its children fill.
func (r *Reader) Settings() []stacks.Setting {
	r.begin()
	defer r.runtime.mem.end()
	r.runtime.findThreads()
	o := r.runtime.objects
	kept := o.items(r.runtime.modules.global("celery.app.trace", "_localized"), 2)
	if len(kept) == 0 {
		return nil
	}
	early := stacks.Setting{System: "celery", Name: "acks_late"}
	kills := stacks.Setting{System: "celery", Name: "reject_on_worker_lost"}
	seen := 0
	o.each(kept[0], func(key, task uint64) bool {
		name := o.text(key)
		late, lateKnown := o.truth(o.inherited(task, "acks_late"))
		again, againKnown := o.truth(o.inherited(task, "reject_on_worker_lost"))
		switch {
		case name == "" || strings.HasPrefix(name, "celery."): // Celery's own
		case lateKnown && !late:
			early.Add(name)
		case lateKnown && againKnown && !again:
			kills.Add(name)
		}
		seen++
		return seen < mostTasks
	})
	return slices.DeleteFunc([]stacks.Setting{early, kills}, func(s stacks.Setting) bool { return s.Of == 0 })
}

// truth reads True, False and None, which is false where it stands for a setting.
func (o *objectReader) truth(object uint64) (is, known bool) {
	if object != 0 && o.typeOf(object).name == "NoneType" {
		return false, true
	}
	n, known := o.number(object)
	return n != 0, known
}
