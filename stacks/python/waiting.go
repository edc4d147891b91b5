package python

import (
	"fmt"
	"path"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A wait is what a piece of work waits for while it is found out.
type wait struct {
	stacks.Wait
	fut  uint64 // asyncio's future, of a task
	self uint64 // thread that asks; 0: a task does
}

// isNamed says whether the application has a name for what is waited for: sockets and children are not looked for under theirs.
func (w *wait) isNamed() bool {
	return w.Object != 0 && w.On != "socket" && w.On != "pipe" && w.On != "child"
}

// threadWait tells what a thread waits for by where it stands: the farthest function up its stack that does nothing but wait for what the one below waits for.
func (r *Reader) threadWait(t *thread) stacks.Wait {
	if w, waits := r.interpreterWait(t); waits {
		return w
	}
	best, caller := wait{}, len(t.frames)
	for i, f := range t.frames {
		caller = i
		one := r.matching(f, f.code.said.waits)
		if one == nil {
			break
		}
		if one.on != "" {
			best = wait{Wait: stacks.Wait{On: one.on, FD: -1}, self: t.at}
			if one.find != nil {
				one.find(r, f, &best)
			}
		}
		caller = i + 1
		if one.last {
			break
		}
	}
	if best.On == "" {
		return r.lockWait(t)
	}
	if best.On == "lock" && best.Owner == 0 {
		r.findHolder(&best.Wait)
	}
	if best.isNamed() && best.Name == "" && caller < len(t.frames) {
		best.Name = r.nameOf(t.frames[caller], best.Object)
	}
	return best.Wait
}

// matching is the row of a table that a frame is in; nil: none.
func (r *Reader) matching(f frame, rows []waitSpot) *waitSpot {
	for i := range rows {
		if r.at(f, rows[i].spot) {
			return &rows[i]
		}
	}
	return nil
}

// A naming is a question that many pieces of work have: what a function calls an object.
type naming struct {
	code   *code
	object uint64
}

// nameOf is what a function calls an object: a local variable, an attribute of its own object, a global.
func (r *Reader) nameOf(f frame, object uint64) string {
	if object == 0 {
		return ""
	}
	key := naming{f.code, object}
	name, known := r.names[key]
	if !known {
		name = r.findName(f, object)
		r.names[key] = name
	}
	return name
}

func (r *Reader) findName(f frame, object uint64) string {
	for i, name := range f.code.names {
		if name != "self" && r.variableAt(f, i) == object {
			return name
		}
	}
	name := ""
	find := func(key, value uint64) bool {
		if value == object {
			name = r.text(key)
		}
		return name == ""
	}
	if own := r.own(f); own != 0 {
		r.eachAttribute(own, find)
	}
	if name == "" {
		name = r.text(r.globalNames(r.mem.word(f.at+r.layout.globals) &^ 7)[object])
	}
	return name
}

// globalNames are the names of a module's globals by the objects that they stand for, read once a look: many tasks may wait each for its own.
func (r *Reader) globalNames(dict uint64) map[uint64]uint64 {
	names, known := r.globals[dict]
	if !known {
		names = map[uint64]uint64{}
		r.each(dict, func(key, value uint64) bool {
			if names[value] == 0 {
				names[value] = key
			}
			return true
		})
		r.globals[dict] = names
	}
	return names
}

func itself(r *Reader, f frame, w *wait) { w.Object = r.own(f) }

// ownedLock is an RLock that is written in Python: its owner is the number of a thread, with gevent the address of a greenlet.
func ownedLock(r *Reader, f frame, w *wait) {
	w.Object = r.own(f)
	owner, ok := r.number(r.attribute(w.Object, "_owner"))
	if !ok {
		return
	}
	if r.search.known[uint64(owner)] {
		w.Owner = uint64(owner)
	}
	for _, t := range r.threads {
		if t.ident == uint64(owner) {
			w.Owner = uint64(t.tid)
		}
	}
}

func attributeOf(name string) finder {
	return func(r *Reader, f frame, w *wait) { w.Object = r.attribute(r.own(f), name) }
}

func variableNamed(name string) finder {
	return func(r *Reader, f frame, w *wait) { w.Object = r.variable(f, name) }
}

func named(name string) finder { return func(_ *Reader, _ frame, w *wait) { w.Name = name } }

// joined is the thread that another waits for the end of.
func joined(r *Reader, f frame, w *wait) { r.waitForThread(r.own(f), w) }

func (r *Reader) waitForThread(object uint64, w *wait) {
	w.Object, w.Name = object, r.text(r.attribute(object, "_name"))
	for _, t := range r.threads {
		if t.object == object {
			w.Owner = uint64(t.tid)
		}
	}
}

// leftOver is a thread that keeps the interpreter from ending: one that is alive and no daemon.
func leftOver(r *Reader, _ frame, w *wait) {
	for _, t := range r.threads {
		if daemon, ok := r.number(r.attribute(t.object, "_daemonic")); t.object != 0 && t.at != w.self && ok && daemon == 0 {
			r.waitForThread(t.object, w)
			return
		}
	}
}

// childOf is the process that subprocess or multiprocessing waits for; Owner is its pid.
func childOf(r *Reader, f frame, w *wait) { pidAttribute("pid")(r, f, w) }

func pidIn(name string) finder {
	return func(r *Reader, f frame, w *wait) {
		if pid, ok := r.number(r.variable(f, name)); ok && pid > 0 {
			w.Owner = uint64(pid)
		}
	}
}

func pidAttribute(name string) finder {
	return func(r *Reader, f frame, w *wait) {
		w.Object = r.own(f)
		if pid, ok := r.number(r.attribute(w.Object, name)); ok && pid > 0 {
			w.Owner = uint64(pid)
		}
	}
}

func processOf(r *Reader, f frame, w *wait) { r.waitForProcess(r.own(f), w) }

func (r *Reader) waitForProcess(object uint64, w *wait) {
	w.Object, w.Name = object, r.text(r.attribute(object, "_name"))
	if pid, ok := r.number(r.attribute(r.attribute(object, "_popen"), "pid")); ok && pid > 0 {
		w.Owner = uint64(pid)
	}
}

func leftChild(r *Reader, f frame, w *wait) { r.waitForProcess(r.variable(f, "p"), w) }

// setSocket says which socket, and which descriptor it is: PySocketSockObject (Modules/socketmodule.h) begins with it.
func (r *Reader) setSocket(object uint64, w *wait) {
	const descriptor, wrappers = 16, 3
	for range wrappers { // eventlet's
		inner := r.attribute(object, "fd")
		if inner == 0 {
			break
		}
		object = inner
	}
	w.Object = object
	if r.derives(r.typeOf(object), "_socket.socket") {
		w.FD = int(int32(r.mem.half(object + descriptor)))
	}
}

func socketOwn(r *Reader, f frame, w *wait) { r.setSocket(r.own(f), w) }

func socketIn(name string) finder {
	return func(r *Reader, f frame, w *wait) { r.setSocket(r.attribute(r.own(f), name), w) }
}

func socketVariable(name string) finder {
	return func(r *Reader, f frame, w *wait) { r.setSocket(r.variable(f, name), w) }
}

// taken names a pool with how many of its connections are out.
func (r *Reader) taken(w *wait, pool uint64, out, all int) {
	w.Object = pool
	name := path.Ext("." + r.typeOf(pool).name)[1:]
	if w.Name = name; all > 0 && out >= 0 {
		w.Name = fmt.Sprintf("%s, %d of %d taken", name, out, all)
	}
}

// queuePool reads SQLAlchemy's: its overflow begins at minus its size and counts the connections there are.
func queuePool(r *Reader, f frame, w *wait) {
	own := r.own(f)
	queue := r.attribute(own, "_pool")
	size, ok := r.number(r.attribute(queue, "maxsize"))
	most, _ := r.number(r.attribute(own, "_max_overflow"))
	over, _ := r.number(r.attribute(own, "_overflow"))
	if !ok || most < 0 {
		r.taken(w, own, 0, 0)
		return
	}
	r.taken(w, own, size+over-max(0, r.size(r.attribute(queue, "queue"))), size+most)
}

func psycopgPool(r *Reader, f frame, w *wait) {
	own := r.own(f)
	most, _ := r.number(r.attribute(own, "_max_size"))
	all, _ := r.number(r.attribute(own, "_nconns"))
	r.taken(w, own, all-max(0, r.size(r.attribute(own, "_pool"))), most)
}

func redisPool(r *Reader, f frame, w *wait) {
	own := r.own(f)
	most, _ := r.number(r.attribute(own, "max_connections"))
	r.taken(w, own, most, most) // its queue is empty, or nobody would wait
}

func urllibPool(r *Reader, f frame, w *wait) {
	own := r.own(f)
	most, _ := r.number(r.attribute(r.attribute(own, "pool"), "maxsize"))
	r.taken(w, own, most, most)
}
