package ruby

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// wait says what a thread waits for: the interpreter's lock, a Mutex, another thread, or what the innermost function in
// C waits for.
func wait(view memory, n *names, t *thread, threads []*thread) stacks.Wait {
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
	if len(t.calls) == 0 || !t.calls[0].isNative() {
		return stacks.Wait{}
	}
	for _, other := range threads {
		if slices.Contains(other.waiters, t.at) {
			return stacks.Wait{On: "thread", Object: other.at, Name: other.name, Owner: other.who(), FD: -1}
		}
	}
	return waitOf(view, n, t.calls)
}

// isMethod says that a function is a method of a class whose name ends so. Where the class is not known, as in 3.2, the
// method's name must do: its thread neither runs nor wants to.
func isMethod(function, class string, methods ...string) bool {
	i := strings.LastIndexAny(function, "#.")
	return slices.Contains(methods, function[i+1:]) && (i < 0 || strings.HasSuffix(function[:i], class))
}

// waitOf says what one of Ruby's own functions waits for, by its name; what the others wait for the kernel knows.
func waitOf(view memory, n *names, calls []call) stacks.Wait {
	inner := calls[0]
	if isMethod(inner.Function, "Mutex", "sleep") && len(calls) > 1 && calls[1].isNative() &&
		isMethod(calls[1].Function, "ConditionVariable", "wait") {
		inner = calls[1]
	}
	w := stacks.Wait{FD: -1}
	switch f := inner.Function; {
	case isMethod(f, "Queue", "pop", "shift", "deq", "push", "<<", "enq"):
		w.On, w.Object = "queue", inner.self
	case isMethod(f, "ConditionVariable", "wait"), isMethod(f, "Monitor", "wait_for_cond"):
		w.On, w.Object = "condition", inner.self
	case isMethod(f, "Kernel", "sleep"), isMethod(f, "Thread", "stop"), isMethod(f, "Mutex", "sleep"):
		w.On = "sleep"
	case isMethod(f, "IO", "select"), isMethod(f, "Kernel", "select"), isMethod(f, "Selector", "select"):
		w.On = "select"
	case isMethod(f, "Process", "wait", "wait2", "waitpid", "waitpid2", "waitall", "detach"), isMethod(f, "Status", "wait"),
		isMethod(f, "Kernel", "system", "`"):
		w.On = "child"
	case isMethod(f, "File", "flock"):
		w.On, w.FD = "lock", descriptor(view, inner.self)
	default:
		return waitOfIO(view, n, inner)
	}
	return w
}

// waitOfIO says which descriptor a function of an IO waits for: of a socket's, or of an IO that is nothing more
// special, which is a pipe or a terminal.
func waitOfIO(view memory, n *names, inner call) stacks.Wait {
	fd := descriptor(view, inner.self)
	if fd < 0 {
		return stacks.Wait{}
	}
	class := n.class(view, view.Word(inner.self+objectClass))
	switch {
	case strings.HasSuffix(class, "Socket"), strings.HasSuffix(class, "Server"):
		return stacks.Wait{On: "socket", FD: fd}
	case class == "IO":
		return stacks.Wait{On: "pipe", FD: fd}
	}
	return stacks.Wait{}
}
