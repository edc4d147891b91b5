package web

import "sync"

// A Promise is that something will be known which is still being found out, beside the thread that waits for it. The
// zero Promise is not kept yet.
type Promise struct {
	mu   sync.Mutex
	kept bool
	then func()
}

// Keep says that all is known; from any thread.
func (p *Promise) Keep() {
	p.mu.Lock()
	p.kept = true
	then := p.then
	p.mu.Unlock()
	if then != nil {
		then()
	}
}

// Then has f called when the promise is kept, on whichever thread keeps it; false: it is kept already, and f is not called.
func (p *Promise) Then(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.then = f
	return !p.kept
}

// Wait waits until it is kept.
func (p *Promise) Wait() {
	kept := make(chan struct{})
	if p.Then(func() { close(kept) }) {
		<-kept
	}
}
