package python

import (
	"fmt"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A clueReader follows what the frames of functions that wait say of what they wait for.
type clueReader struct {
	runtime   *cpython
	objects   *objectReader
	unwinder  *unwinder
	futures   *futureReader
	greenlets *greenletSearch
	pools     *poolReader
	forks     *forkReader
}

// follow adds what the frame of a function that waits says of what it waits for.
func (c *clueReader) follow(f stackFrame, s *waitSpot, w *wait) {
	switch s.clue {
	case itself:
		w.Object = c.unwinder.own(f)
	case named:
		w.Name = s.name
	case nameIn:
		w.Object = c.unwinder.own(f)
		w.Name = c.objects.text(c.objects.attribute(w.Object, s.name))
	case attributeOf:
		w.whole = c.unwinder.own(f)
		w.Object = c.objects.attribute(w.whole, s.name)
	case variableOf:
		w.Object = c.unwinder.variable(f, s.name)
	case ownedLock:
		c.ownedLock(c.unwinder.own(f), "_owner", w)
	case importLock:
		c.ownedLock(c.unwinder.own(f), "owner", w)
		w.Name = "of the import of " + c.objects.text(c.objects.attribute(w.Object, "name"))
	case owedFuture:
		w.Object = c.unwinder.own(f)
		w.Owner = uint64(c.futures.executors.owing(w.Object))
		if w.Owner == 0 && !c.futures.executors.waitForProcesses(w.Object, w) && c.futures.executors.lost(w.Object) {
			w.Before, _ = c.forks.parentPID()
		}
	case joined:
		c.waitForThread(c.unwinder.own(f), w)
	case leftOver:
		c.leftOver(w)
	case processOwn:
		c.waitForProcess(c.unwinder.own(f), w)
	case processVariable:
		c.waitForProcess(c.unwinder.variable(f, s.name), w)
	case pidAttribute:
		w.Object = c.unwinder.own(f)
		c.runtime.waitForChild(c.objects.attribute(w.Object, s.name), w)
	case pidVariable:
		c.runtime.waitForChild(c.unwinder.variable(f, s.name), w)
	case fileIn:
		w.Object = c.unwinder.own(f)
		c.setDescriptor(c.objects.attribute(w.Object, s.name), w)
	case socketOwn:
		c.setSocket(c.unwinder.own(f), w)
	case socketIn:
		c.setSocket(c.objects.attribute(c.unwinder.own(f), s.name), w)
	case socketVariable:
		c.setSocket(c.unwinder.variable(f, s.name), w)
	case transportIn:
		w.Object = c.objects.attribute(c.unwinder.own(f), s.name)
		c.setDescriptor(c.objects.attribute(w.Object, "_sock_fd"), w)
	case futureVariable:
		w.On, w.fut = "", c.unwinder.variable(f, s.name)
		c.futures.waitForFuture(w)
	case taskAmong:
		c.firstPending(c.unwinder.variable(f, s.name), w)
	case taskOfGroup:
		w.Object = c.unwinder.own(f)
		c.firstPending(c.objects.attribute(w.Object, "_tasks"), w)
	case limiter:
		c.limiter(c.unwinder.own(f), w)
	case queuePool:
		c.pools.sqlalchemy(c.unwinder.own(f), w)
	case psycopgPool:
		c.pools.psycopg(c.unwinder.own(f), w)
	case fullPool:
		c.pools.full(c.unwinder.own(f), s.name, w)
	case greenletsPool:
		c.greenletsPool(c.unwinder.variable(f, s.name), w)
	case urllibPool:
		c.pools.urllib(c.unwinder.own(f), w)
	}
}

// ownedLock is an RLock that is written in Python: its owner is the number of a thread, with gevent the address of a
// greenlet.
func (c *clueReader) ownedLock(lock uint64, attribute string, w *wait) {
	w.Object = lock
	owner, ok := c.objects.number(c.objects.attribute(lock, attribute))
	if !ok {
		return
	}
	if c.greenlets.known[uint64(owner)] {
		w.Owner = uint64(owner)
	}
	for _, t := range c.runtime.threads {
		if t.ident == uint64(owner) {
			w.Owner = uint64(t.tid)
		}
	}
}

// waitForThread is the thread that another waits for the end of.
func (c *clueReader) waitForThread(object uint64, w *wait) {
	w.Object, w.Name = object, c.objects.text(c.objects.attribute(object, "_name"))
	for _, t := range c.runtime.threads {
		if t.object == object {
			w.Owner = uint64(t.tid)
		}
	}
}

// leftOver is a thread that keeps the interpreter from ending: one that is alive and no daemon.
func (c *clueReader) leftOver(w *wait) {
	for _, t := range c.runtime.threads {
		daemon, ok := c.objects.number(c.objects.attribute(t.object, "_daemonic"))
		if t.object != 0 && t.at != w.self && ok && daemon == 0 {
			c.waitForThread(t.object, w)
			return
		}
	}
}

// waitForProcess is a process of multiprocessing.
func (c *clueReader) waitForProcess(object uint64, w *wait) {
	w.Object, w.Name = object, c.objects.text(c.objects.attribute(object, "_name"))
	c.runtime.waitForChild(c.objects.attribute(c.objects.attribute(object, "_popen"), "pid"), w)
}

// setDescriptor is a descriptor by its number.
func (c *clueReader) setDescriptor(number uint64, w *wait) {
	if fd, ok := c.objects.number(number); ok {
		w.FD = fd
	}
}

// setSocket says which socket, and which descriptor it is: PySocketSockObject (Modules/socketmodule.h) begins with it.
func (c *clueReader) setSocket(object uint64, w *wait) {
	const descriptor, wrappers = 16, 3
	for range wrappers { // eventlet's
		inner := c.objects.attribute(object, "fd")
		if inner == 0 {
			break
		}
		object = inner
	}
	w.Object = object
	if c.objects.derives(c.objects.typeOf(object), "_socket.socket") {
		w.FD = int(int32(c.objects.mem.half(object + descriptor)))
	}
}

// firstPending is the first task of a set that is not done yet.
func (c *clueReader) firstPending(set uint64, w *wait) {
	for _, one := range c.objects.members(set, maxTasks) {
		if c.futures.pending(one) {
			w.Owner = one
			return
		}
	}
}

// greenletsPool is a pool of connections that the code of a greenlet waits for.
func (c *clueReader) greenletsPool(greenlet uint64, w *wait) {
	for _, f := range c.unwinder.walk(c.unwinder.suspended(greenlet)) {
		if !f.code.library {
			return
		}
		if one := c.unwinder.matching(f, f.code.said.waits); one != nil && one.clue == queuePool {
			*w = wait{Wait: stacks.Wait{On: one.on, FD: -1}, fut: w.fut}
			c.pools.sqlalchemy(c.unwinder.own(f), w)
			return
		}
	}
}

// limiter is anyio's of how many threads may run at once.
func (c *clueReader) limiter(object uint64, w *wait) {
	w.Object = object
	out := c.objects.size(c.objects.attribute(object, "_borrowers"))
	if all, ok := c.objects.number(c.objects.attribute(object, "_total_tokens")); ok {
		w.Name = fmt.Sprintf("CapacityLimiter, %d of %d taken", out, all)
	}
}
