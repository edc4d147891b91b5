package probe

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/stacks"
)

// An otherStacks reads where in their own code the processes stand that a worker started and waits for: they do its work.
// One goroutine may use it.
type otherStacks struct {
	stacks *stackReader
	known  map[int]*other
}

// An other is one such process.
type other struct {
	start  uint64        // with its pid, its identity
	reader stacks.Reader // nil: its language is none that can be read
	at     time.Time     // when it was last read
	work   *stacks.Work  // of its main thread then; nil: it was not found
}

const (
	// othersMost bounds how many are kept.
	othersMost = 64
	// othersEvery is how often one is read.
	othersEvery = time.Second
)

// follow adds to the links of a chain where in its own code each such process stands, and what it works on.
func (o *otherStacks) follow(now time.Time, links []history.Link) {
	for i := range links {
		link := &links[i]
		if link.Dead || !link.Child {
			continue
		}
		work := o.of(now, link.PID)
		if work == nil || len(work.Frames) == 0 {
			continue
		}
		own := slices.IndexFunc(work.Frames, func(f stacks.Frame) bool { return !f.Library && f.File != "" })
		link.At = frameWords(work.Frames[max(own, 0)])
		link.Stack = nil
		for _, frame := range work.Frames {
			link.Stack = append(link.Stack, frameWords(frame))
		}
		link.Request = o.stacks.requestOf(link.PID, work.Request)
		if work.Wait.On == "lock" && link.Does == "is in futex" { // its runtime knows more than the kernel
			link.Does = "waits for a lock"
			if work.Wait.Name != "" {
				link.Does = "waits for the lock " + work.Wait.Name
			}
			if link.Lost = work.Wait.Before != 0; link.Lost {
				link.Does += ", which was taken before the fork, so that nobody there can release it,"
			}
		}
	}
}

// of is what the main thread of a process does; nil: that cannot be read.
func (o *otherStacks) of(now time.Time, pid int) *stacks.Work {
	stat, err := o.stacks.fs.Stat(pid)
	if err != nil {
		return nil
	}
	one := o.known[pid]
	if one == nil || one.start != stat.Start {
		if o.known == nil || len(o.known) >= othersMost {
			o.known = map[int]*other{}
		}
		one = &other{start: stat.Start, reader: o.open(pid)}
		o.known[pid] = one
	}
	if one.reader == nil || now.Sub(one.at) < othersEvery {
		return one.work
	}
	one.at, one.work = now, nil
	all, err := one.reader.Look()
	if err != nil {
		return nil // it may have been read while it changed: the next look tells
	}
	if i := slices.IndexFunc(all, func(w stacks.Work) bool { return w.TID == pid }); i >= 0 {
		one.work = &all[i]
	}
	return one.work
}

// open finds the language that a process speaks; nil: none that can be read.
func (o *otherStacks) open(pid int) stacks.Reader {
	for _, open := range o.stacks.languages {
		if reader, err := open(o.stacks.process(pid)); err == nil {
			return reader
		}
	}
	return nil
}
