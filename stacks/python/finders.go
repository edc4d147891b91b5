package python

// itself is the object whose method waits.
func itself(r *Reader, f frame, w *wait) { w.Object = r.own(f) }

// ownedLock is an RLock that is written in Python: its owner is the number of a thread, with gevent the address of a
// greenlet.
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
	return func(r *Reader, f frame, w *wait) {
		w.whole = r.own(f)
		w.Object = r.attribute(w.whole, name)
	}
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
