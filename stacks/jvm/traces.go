package jvm

import (
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// A trace is what is kept of where a thread was.
type trace struct {
	tid    int
	where  anchor
	frames []stacks.Frame
	wait   stacks.Wait
}

// A tracer tells where threads are, and what they wait for.
type tracer struct {
	anchor int // of JavaThread
	view   *foreign.View
	walker *walker
	waits  *waits
	traces map[uint64]trace // of the last look, by thread
	next   int              // the thread that the next look traces first
}

// traceAll reads where the threads are, beginning with the one where the reads that a look may take ended last time.
// One that it does not come to is told to be where it was where it has not left that place since, as far as its anchor says.
func (r *tracer) traceAll(threads []*thread) {
	first := r.next % max(len(threads), 1)
	r.next = 0
	spent := false
	for i := range threads {
		t := threads[(first+i)%len(threads)]
		if !spent {
			r.trace(t)
			t.wait = r.waits.of(t, threads)
			if r.view.Spent() { // it may have been cut short
				t.frames, t.wait, t.moved = nil, stacks.Wait{}, true
			}
			if spent = r.view.Reads < minTrace; spent {
				r.next = first + i + 1
			}
		} else if kept, ok := r.traces[t.at]; ok && kept.tid == t.tid && kept.where == t.where {
			t.frames, t.wait = kept.frames, kept.wait
		} else {
			t.moved = true
		}
	}
	kept := make(map[uint64]trace, len(threads))
	for _, t := range threads {
		if !t.moved {
			kept[t.at] = trace{t.tid, t.where, t.frames, t.wait}
		}
	}
	r.traces = kept
}

// minTrace is how many reads must be left to trace a thread: one whose methods are not known yet takes some hundred.
const minTrace = 200

// trace reads where a thread is. Its anchor must be the same after its stack was read as before: else it went on meanwhile.
func (r *tracer) trace(t *thread) {
	for range 2 {
		if t.where.sp == 0 {
			return
		}
		s := &stack{view: r.view, low: t.low, high: t.high}
		s.word(t.where.sp - 8) // where an interpreted frame keeps its place
		t.frames = r.walker.walk(s, t.where)
		again := r.walker.anchorAt(r.view.Block(t.at+uint64(r.anchor), anchorSize), 0)
		if again == t.where {
			return
		}
		t.where = again
	}
	t.frames, t.moved = nil, true
}
