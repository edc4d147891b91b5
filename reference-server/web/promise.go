package web

import "sync"

// A Promise is an answer that is still being found out, beside the thread that has the request.
type Promise struct {
	fill func(*Answer)

	mu   sync.Mutex
	kept bool
	then func()
}

// NewPromise makes one; fill fills the answer once the promise is kept.
func NewPromise(fill func(*Answer)) *Promise { return &Promise{fill: fill} }

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

// Fill makes the answer whole.
func (p *Promise) Fill(a *Answer) { p.fill(a) }
