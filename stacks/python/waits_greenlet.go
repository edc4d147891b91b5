package python

import "github.com/hangtime-dev/hangtime/stacks"

// greenletWait tells what a greenlet waits for: what its functions of a library say, or else the object of gevent's
// on its innermost stack, whose methods are compiled and have no frames. The language's own functions count only
// above one of those: they call what gevent and eventlet have put in the place of the locks.
func (ws *waitReader) greenletWait(frames []stackFrame) stacks.Wait {
	best, caller := wait{}, 0
	for i, f := range frames {
		one := ws.unwinder.matching(f, f.code.said.greens)
		if one == nil && i > 0 {
			one = ws.unwinder.matching(f, f.code.said.waits)
		}
		if one == nil {
			break
		}
		if one.on != "" {
			best = wait{Wait: stacks.Wait{On: one.on, FD: -1}}
			ws.clues.follow(f, one, &best)
		}
		caller = i + 1
		if one.last {
			break
		}
	}
	if best.On == "" && caller == 0 {
		best.On, best.Object = ws.compiled(frames[0])
		best.FD = -1
	}
	if best.On == "" {
		return stacks.Wait{}
	}
	if best.On == "task" {
		best.Owner = best.Object
	}
	if best.isNamed() && best.Name == "" {
		for _, f := range frames[caller:min(caller+2, len(frames))] {
			if best.Name = ws.names.nameOf(f, best.Object); best.Name != "" {
				break
			}
		}
	}
	return best.Wait
}

// compiled is an object of gevent's whose method a function has called.
func (ws *waitReader) compiled(f stackFrame) (on string, object uint64) {
	values := ws.unwinder.stack(f, f.code.stack)
	for i := len(values) - 1; i >= 0; i-- {
		value := values[i]
		if value == 0 {
			continue
		}
		called := value
		switch method(ws.objects.typeOf(value).name) {
		case "builtin_function_or_method", "cython_function_or_method", "method":
			value = ws.runtime.mem.word(value + boundSelf)
		default:
			if called = 0; i > 0 { // what is called lies below its own object
				called = values[i-1]
			}
		}
		on = ws.compiledKind(ws.objects.typeOf(value))
		if on == "queue" && ws.compiledName(called) == "put" {
			on = "room"
		}
		if on != "" {
			return on, value
		}
	}
	return "", 0
}

// compiledName is what a compiled function is called: a PyMethodDef, which begins with its name, says it, or a descriptor
// (PyDescrObject, Include/cpython/descrobject.h).
func (ws *waitReader) compiledName(function uint64) string {
	const definition, name = 16, 32                   // m_ml; d_name
	switch method(ws.objects.typeOf(function).name) { // Cython's is in a module with its version
	case "builtin_function_or_method", "cython_function_or_method":
		return ws.runtime.mem.chars(ws.runtime.mem.word(ws.runtime.mem.word(function + definition)))
	case "method_descriptor":
		return ws.objects.text(ws.runtime.mem.word(function + name))
	}
	return ""
}

// compiledKind is what one waits for at an object of a compiled class of gevent's.
func (ws *waitReader) compiledKind(c *class) string {
	for _, one := range []struct{ class, on string }{
		{"gevent._gevent_c_semaphore.Semaphore", "semaphore"},
		{"gevent._gevent_cevent.Event", "event"},
		{"gevent._gevent_cevent.AsyncResult", "future"},
		{"gevent._gevent_cqueue.Queue", "queue"},
		{"gevent._gevent_cqueue.SimpleQueue", "queue"},
		{"gevent._gevent_cqueue.Channel", "channel"},
		{"gevent._gevent_cgreenlet.Greenlet", "task"},
	} {
		if ws.objects.derives(c, one.class) {
			return one.on
		}
	}
	return ""
}
