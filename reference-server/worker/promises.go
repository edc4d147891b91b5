package worker

import "sync"

// keptPromises are connections of one thread whose answers have become known, on other threads.
type keptPromises struct {
	rouse func() // wakes the thread

	mu    sync.Mutex
	conns []*conn
}

// later has the connection put among them when its answer is known; false: it is by now.
func (k *keptPromises) later(c *conn) bool {
	return c.answer.Promise.Then(func() {
		k.mu.Lock()
		k.conns = append(k.conns, c)
		first := len(k.conns) == 1
		k.mu.Unlock()
		if first {
			k.rouse()
		}
	})
}

// take gives those that have come since it was asked last.
func (k *keptPromises) take() []*conn {
	k.mu.Lock()
	defer k.mu.Unlock()
	conns := k.conns
	k.conns = nil
	return conns
}
