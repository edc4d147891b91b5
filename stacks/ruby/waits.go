package ruby

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// wait says what a thread waits for: the interpreter's lock, a Mutex, another thread, or what the innermost function in
// C waits for.
func (r *reader) wait(view *foreign.View, t *thread, threads []*thread) stacks.Wait {
	if t.running {
		return stacks.Wait{}
	}
	if t.ready {
		w := stacks.Wait{On: "interpreter lock", FD: -1}
		for _, other := range threads {
			if other.at == t.holder {
				w.Owner = other.who()
			}
		}
		return w
	}
	if t.locking&^8 != 0 { // neither 0 nor nil; false is 0
		w := stacks.Wait{On: "lock", Object: t.locking, FD: -1}
		mutex := data(view, t.locking)
		for _, other := range threads {
			if mutex != 0 && slices.Contains(other.keeps, mutex) {
				w.Owner = other.who()
			}
		}
		return w
	}
	if len(t.calls) == 0 || !t.calls[0].native() {
		return stacks.Wait{}
	}
	for _, other := range threads {
		if slices.Contains(other.waiters, t.at) {
			return stacks.Wait{On: "thread", Object: other.at, Name: other.name, Owner: other.who(), FD: -1}
		}
	}
	return r.waitOf(view, t.calls)
}

// native says that a frame is of Ruby's own functions: in C, or in Ruby but built in.
func (c *call) native() bool { return c.code == nil || native(c.Frame) }

func native(f stacks.Frame) bool { return f.File == "" || strings.HasPrefix(f.File, "<internal:") }

// is says that a function is a method of a class whose name ends so. Where the class is not known, as in 3.2, the
// method's name must do: its thread neither runs nor wants to.
func is(function, class string, methods ...string) bool {
	i := strings.LastIndexAny(function, "#.")
	return slices.Contains(methods, function[i+1:]) && (i < 0 || strings.HasSuffix(function[:i], class))
}

// waitOf says what one of Ruby's own functions waits for, by its name; what the others wait for the kernel knows.
func (r *reader) waitOf(view *foreign.View, calls []call) stacks.Wait {
	inner := calls[0]
	if is(inner.Function, "Mutex", "sleep") && len(calls) > 1 && calls[1].native() &&
		is(calls[1].Function, "ConditionVariable", "wait") {
		inner = calls[1]
	}
	w := stacks.Wait{FD: -1}
	switch f := inner.Function; {
	case is(f, "Queue", "pop", "shift", "deq", "push", "<<", "enq"):
		w.On, w.Object = "queue", inner.self
	case is(f, "ConditionVariable", "wait"), is(f, "Monitor", "wait_for_cond"):
		w.On, w.Object = "condition", inner.self
	case is(f, "Kernel", "sleep"), is(f, "Thread", "stop"), is(f, "Mutex", "sleep"):
		w.On = "sleep"
	case is(f, "IO", "select"), is(f, "Kernel", "select"), is(f, "Selector", "select"):
		w.On = "select"
	case is(f, "Process", "wait", "wait2", "waitpid", "waitpid2", "waitall", "detach"), is(f, "Status", "wait"),
		is(f, "Kernel", "system", "`"):
		w.On = "child"
	case is(f, "File", "flock"):
		w.On, w.FD = "lock", descriptor(view, inner.self)
	default:
		return r.waitOfIO(view, inner)
	}
	return w
}

// waitOfIO says which descriptor a function of an IO waits for: of a socket's, or of an IO that is nothing more
// special, which is a pipe or a terminal.
func (r *reader) waitOfIO(view *foreign.View, inner call) stacks.Wait {
	fd := descriptor(view, inner.self)
	if fd < 0 {
		return stacks.Wait{}
	}
	class := r.class(view, view.Word(inner.self+objectClass))
	switch {
	case strings.HasSuffix(class, "Socket"), strings.HasSuffix(class, "Server"):
		return stacks.Wait{On: "socket", FD: fd}
	case class == "IO":
		return stacks.Wait{On: "pipe", FD: fd}
	}
	return stacks.Wait{}
}
