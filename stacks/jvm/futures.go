package jvm

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// Futures tell which thread is to complete what another waits for. A thread that runs a job of CompletableFuture has the
// future in the frame of that only; what is to follow hangs at the future: other futures, and the signallers for whom
// threads wait.
type futures struct {
	classes *classes
	walker  *walker
}

const (
	futureClass = "java.util.concurrent.CompletableFuture"
	signaller   = futureClass + "$Signaller"
	canceller   = futureClass + "$Canceller"

	maxJobFrame    = 128 // words of a frame that are looked through
	maxCompletions = 64  // what hangs at one future, and at those that follow
)

// assign notes who is to complete what threads wait for.
func (fs *futures) assign(threads []*thread) {
	waiting := map[uint64]*thread{}
	for _, t := range threads {
		if t.wait.On == "future" && t.wait.Name == signaller {
			waiting[t.wait.Object] = t
		}
	}
	if len(waiting) == 0 {
		return
	}
	for _, t := range threads {
		if t.moved || !slices.ContainsFunc(t.frames, isJob) {
			continue
		}
		for _, future := range fs.ofJobs(t) {
			followers, ok := fs.followers(future)
			if !ok {
				continue
			}
			for _, s := range followers {
				if w := waiting[s]; w != nil && w != t {
					w.wait.Owner = uint64(t.tid)
				}
			}
		}
	}
}

// ofJobs are the futures that a thread is to complete, whose jobs it runs: each is in the frame of its job.
func (fs *futures) ofJobs(t *thread) (all []uint64) {
	s := &stack{view: fs.walker.view, low: t.low, high: t.high}
	from := t.where.sp
	fs.walker.each(s, t.where, func(c call) bool {
		if slices.ContainsFunc(c.frames, isJob) {
			// Compiled code may have it in RBP, which whoever it called has saved below its own return address.
			all = append(all, fs.inFrame(s, from-callerSP, max(c.caller.sp, c.real))...)
		}
		from = c.caller.sp
		return true
	})
	return all
}

// inFrame are the futures that are referred to from a part of a stack. Where the compiler has put what a job calls into
// its frame, they may be others than the job's.
func (fs *futures) inFrame(s *stack, from, to uint64) (all []uint64) {
	for at := from; at < to && at < from+8*maxJobFrame; at += 8 {
		word, ok := s.word(at)
		if !ok {
			break
		}
		for _, object := range fs.references(word) {
			if object == 0 || object%8 != 0 || object >= s.low && object < s.high || slices.Contains(all, object) {
				continue
			}
			if fs.classes.class(fs.classes.objects.classOf(object)).name == futureClass {
				all = append(all, object)
			}
		}
	}
	return all
}

// references are the objects to which a word of a stack may refer: compiled code keeps compressed references too, two in
// a word.
func (fs *futures) references(word uint64) []uint64 {
	all := []uint64{word}
	if o := fs.classes.objects; o.settings.compressedObjects {
		for _, half := range []uint64{word & 0xffffffff, word >> 32} {
			if half != 0 {
				all = append(all, o.settings.objectBase+half<<o.settings.objectShift)
			}
		}
	}
	return all
}

// followers are the signallers that a future wakes up, itself or through those that are completed when it is; false: it
// completes without its job too, after a time (orTimeout).
func (fs *futures) followers(future uint64) (signallers []uint64, ok bool) {
	next := []uint64{fs.classes.get(future, "stack")}
	for seen := 0; len(next) > 0 && seen < maxCompletions; seen++ {
		c := next[len(next)-1]
		next = next[:len(next)-1]
		if c == 0 {
			continue
		}
		next = append(next, fs.classes.get(c, "next"))
		switch class := fs.classes.describe(c); {
		case class == signaller:
			signallers = append(signallers, c)
			continue
		case isEither(class):
			continue
		case fs.classes.describe(fs.classes.get(c, "fn")) == canceller:
			return nil, false
		}
		if base := fs.classes.get(c, "base"); base != 0 { // the other half of what waits for two
			c = base
		}
		if dependent := fs.classes.get(c, "dep"); dependent != 0 {
			next = append(next, fs.classes.get(dependent, "stack"))
		}
	}
	return signallers, true
}

// isEither says that a completion waits for any of several futures.
func isEither(class string) bool {
	return strings.HasPrefix(class, futureClass+"$Or") || class == futureClass+"$AnyOf"
}

// isJob says that a frame is that of a job which completes a future when it returns.
func isJob(f stacks.Frame) bool {
	return f.Function == futureClass+"$AsyncSupply.run" || f.Function == futureClass+"$AsyncRun.run"
}
