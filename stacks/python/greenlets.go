package python

import (
	"maps"
	"slices"

	"github.com/hangtime-dev/hangtime/stacks"
)

const (
	maxGreenlets = 2048
	// firstSteps and steps bound how many objects of the collector's lists are passed in the first look and in each
	// one after it, some 0.1 µs each where they lie close together.
	firstSteps = 20000
	steps      = 2000
)

// A search goes through the collector's lists for greenlets, a part in each look, since nothing else leads to all of
// them. Those that were found are asked again in each look.
type search struct {
	known  map[uint64]bool
	cursor uint64 // header of the object of the oldest generation where the last look stopped; 0: begin at the end, where the youngest are
	begun  bool
}

// greenlets tells what the greenlets do that wait: of gevent, eventlet and whoever else switches them.
func (r *Reader) greenlets() []stacks.Work {
	if r.layout.generations == 0 || r.moduleDict("greenlet") == 0 || len(r.interpreters) == 0 {
		return nil
	}
	s := &r.search
	if s.known == nil {
		s.known = map[uint64]bool{}
	}
	left := steps
	if !s.begun {
		left, s.begun = firstSteps, true
	}
	generations := r.interpreters[0] + r.layout.generations
	const generationSize = 24 // struct gc_generation
	for young := range uint64(2) {
		head := generations + young*generationSize
		_, left = r.passBack(head, head, left)
	}
	oldest := generations + 2*generationSize
	from := s.cursor
	if from == 0 || r.mem.word(r.previous(from))&^3 != from { // it is gone
		from = oldest
	}
	s.cursor, _ = r.passBack(oldest, from, left)
	var out []stacks.Work
	for _, at := range slices.Sorted(maps.Keys(s.known)) {
		if !r.isGreenlet(at) {
			delete(s.known, at)
			continue
		}
		if w, waits := r.greenletWork(at); waits {
			out = append(out, w)
		}
	}
	return out
}

// previous is the header of the object before another in its list (PyGC_Head, pycore_gc.h); the lowest bits are marks.
func (r *Reader) previous(header uint64) uint64 { return r.mem.word(header+8) &^ 3 }

// passBack goes from one header of a list towards its beginning and keeps the greenlets; it returns where it stopped,
// 0 at the beginning, and how many steps are left.
func (r *Reader) passBack(head, from uint64, left int) (stopped uint64, rest int) {
	const header = 16
	for stopped = from; left > 0; left-- {
		at := r.previous(stopped)
		if at == head || at == 0 {
			return 0, left
		}
		if object := at + header; len(r.search.known) < maxGreenlets && r.isGreenlet(object) {
			r.search.known[object] = true
		}
		stopped = at
	}
	return stopped, 0
}

func (r *Reader) isGreenlet(object uint64) bool {
	c := r.typeOf(object)
	if is, known := r.greenletClasses[c.at]; known {
		return is
	}
	is := r.derives(c, "greenlet.greenlet")
	r.greenletClasses[c.at] = is
	return is
}

// greenletWork tells what a greenlet does; false: it runs, has not begun or has ended.
func (r *Reader) greenletWork(at uint64) (stacks.Work, bool) {
	frames := r.walk(r.suspended(at))
	if len(frames) == 0 {
		return stacks.Work{}, false
	}
	w := stacks.Work{Kind: "greenlet", ID: at, Frames: r.tell(frames), Request: r.request(frames)}
	application := false
	for _, f := range frames {
		application = application || !f.code.library
	}
	w.Idle = !application && w.Request.Path == ""
	w.Wait = r.greenletWait(frames)
	return w, true
}

// suspended is the innermost frame of a greenlet that waits; 0: it does not. Its implementation keeps a frame object
// among its first words, whatever its version is (greenlet 2 and 3: PythonState._top_frame in TGreenlet.hpp), and
// none while it runs.
func (r *Reader) suspended(at uint64) uint64 {
	const (
		implementation = 32 // PyGreenlet.pimpl
		words          = 24
		ownFrame       = 24 // PyFrameObject.f_frame
	)
	pimpl := r.mem.word(at + implementation)
	for i := range uint64(words) {
		object := r.mem.word(pimpl + 8*i)
		if object == 0 || object&7 != 0 || r.typeOf(object).name != "frame" {
			continue
		}
		if r.layout.version == 0x030a {
			return object
		}
		return r.mem.word(object + ownFrame)
	}
	return 0
}

// greenletWait tells what a greenlet waits for: what its functions of a library say, or else the object of gevent's
// on its innermost stack, whose methods are compiled and have no frames. The language's own functions count only
// above one of those: they call what gevent and eventlet have put in the place of the locks.
func (r *Reader) greenletWait(frames []frame) stacks.Wait {
	best, caller := wait{}, 0
	for i, f := range frames {
		one := r.matching(f, f.code.said.greens)
		if one == nil && i > 0 {
			one = r.matching(f, f.code.said.waits)
		}
		if one == nil {
			break
		}
		if one.on != "" {
			best = wait{Wait: stacks.Wait{On: one.on, FD: -1}}
			if one.find != nil {
				one.find(r, f, &best)
			}
		}
		caller = i + 1
		if one.last {
			break
		}
	}
	if best.On == "" && caller == 0 {
		best.On, best.Object = r.compiled(frames[0])
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
			if best.Name = r.nameOf(f, best.Object); best.Name != "" {
				break
			}
		}
	}
	return best.Wait
}

// compiled is an object of gevent's whose method a function has called.
func (r *Reader) compiled(f frame) (on string, object uint64) {
	values := r.stack(f, f.code.stack)
	for i := len(values) - 1; i >= 0; i-- {
		value := values[i]
		if value == 0 {
			continue
		}
		switch r.typeOf(value).name {
		case "builtin_function_or_method", "cython_function_or_method", "method":
			value = r.mem.word(value + boundSelf)
		}
		if on = r.compiledKind(r.typeOf(value)); on != "" {
			return on, value
		}
	}
	return "", 0
}

// compiledKind is what one waits for at an object of a compiled class of gevent's.
func (r *Reader) compiledKind(c *class) string {
	for _, one := range []struct{ class, on string }{
		{"gevent._gevent_c_semaphore.Semaphore", "semaphore"},
		{"gevent._gevent_cevent.Event", "event"},
		{"gevent._gevent_cevent.AsyncResult", "future"},
		{"gevent._gevent_cqueue.Queue", "queue"},
		{"gevent._gevent_cqueue.SimpleQueue", "queue"},
		{"gevent._gevent_cqueue.Channel", "channel"},
		{"gevent._gevent_cgreenlet.Greenlet", "task"},
	} {
		if r.derives(c, one.class) {
			return one.on
		}
	}
	return ""
}

// greenSpots are those of greenlets: gevent 22 to 26, eventlet 0.33 to 0.41.
func greenSpots() []waitSpot {
	sock := socketIn("_sock")
	return []waitSpot{
		{spot{"gevent/hub.py", "sleep"}, "sleep", nil, true},
		{spot{"gevent/thread.py", "LockType.acquire"}, "lock", itself, false},
		{spot{"gevent/lock.py", "RLock.acquire"}, "lock", itself, true},
		{spot{"gevent/_socketcommon.py", "SocketMixin.recv"}, "socket", sock, true},
		{spot{"gevent/_socketcommon.py", "SocketMixin.recvfrom"}, "socket", sock, true},
		{spot{"gevent/_socketcommon.py", "SocketMixin.recv_into"}, "socket", sock, true},
		{spot{"gevent/_socketcommon.py", "SocketMixin.send"}, "socket", sock, false},
		{spot{"gevent/_socketcommon.py", "SocketMixin.sendall"}, "socket", sock, true},
		{spot{"gevent/_socketcommon.py", "SocketMixin._internal_connect"}, "socket", sock, false},
		{spot{"gevent/_socketcommon.py", "SocketMixin.connect"}, "socket", sock, true},
		{spot{"gevent/_socket3.py", "socket.accept"}, "socket", sock, true},
		{spot{"gevent/ssl.py", "SSLSocket.read"}, "socket", sock, false},
		{spot{"gevent/ssl.py", "SSLSocket.do_handshake"}, "socket", sock, true},
		{spot{"gevent/_fileobjectposix.py", "GreenFileDescriptorIO.__read"}, "pipe", fileIn("_fileno"), false},
		{spot{"gevent/_fileobjectposix.py", "GreenFileDescriptorIO.readall"}, "pipe", fileIn("_fileno"), true},
		{spot{"gevent/subprocess.py", "Popen._gevent_result_wait"}, "child", childOf, false},
		{spot{"gevent/subprocess.py", "Popen.wait"}, "child", childOf, true},
		{spot{"gevent/subprocess.py", "Popen.communicate"}, "child", childOf, true},
		{spot{"eventlet/hubs/hub.py", "BaseHub.switch"}, "", nil, false},
		{spot{"eventlet/hubs/__init__.py", "trampoline"}, "", nil, false},
		{spot{"eventlet/greenthread.py", "sleep"}, "sleep", nil, true},
		// Which stands for the locks of threading too.
		{spot{"eventlet/semaphore.py", "Semaphore.acquire"}, "lock", itself, false},
		{spot{"eventlet/event.py", "Event.wait"}, "event", itself, false},
		{spot{"eventlet/greenthread.py", "GreenThread.wait"}, "task", itself, true},
		{spot{"eventlet/queue.py", "Waiter.wait"}, "", nil, false},
		{spot{"eventlet/queue.py", "LightQueue.get"}, "queue", itself, true},
		{spot{"eventlet/queue.py", "LightQueue.put"}, "queue", itself, true},
		{spot{"eventlet/greenio/base.py", "GreenSocket._trampoline"}, "socket", socketIn("fd"), false},
		{spot{"eventlet/greenio/base.py", "GreenSocket._read_trampoline"}, "socket", socketIn("fd"), false},
		{spot{"eventlet/greenio/base.py", "GreenSocket._recv_loop"}, "socket", socketIn("fd"), false},
		{spot{"eventlet/greenio/base.py", "GreenSocket.recv"}, "socket", socketIn("fd"), true},
		{spot{"eventlet/greenio/base.py", "GreenSocket.accept"}, "socket", socketIn("fd"), true},
		{spot{"eventlet/greenio/base.py", "GreenSocket.connect"}, "socket", socketIn("fd"), true},
	}
}

// fileIn is a descriptor that an object keeps.
func fileIn(name string) finder {
	return func(r *Reader, f frame, w *wait) {
		w.Object = r.own(f)
		if fd, ok := r.number(r.attribute(w.Object, name)); ok {
			w.FD = fd
		}
	}
}
