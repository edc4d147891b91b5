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

	// What a look may read for futures, however much its threads took: some 450 reads where no class is known yet, and 20
	// for each job.
	maxFutureReads = 1000
	maxFutureBytes = 1 << 20
	maxJobFrame    = 128 // words of a frame that are looked through
	maxCompletions = 64  // what hangs at one future, and at those that follow
)

// assign notes who is to complete what threads wait for.
func (fs *futures) assign(threads []*thread) {
	if !slices.ContainsFunc(threads, waitsForSignal) {
		return
	}
	view := fs.walker.view
	view.Reads, view.Bytes = max(view.Reads, maxFutureReads), max(view.Bytes, maxFutureBytes)
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
				w := ofObject(threads, fs.classes.get(s, "thread"))
				if w != nil && w != t && waitsForSignal(w) {
					w.wait.Owner = uint64(t.tid)
				}
			}
		}
	}
}

// waitsForSignal says that a thread waits for a CompletableFuture.
func waitsForSignal(t *thread) bool { return t.wait.On == "future" && t.wait.Name == signaller }

// ofJobs are the futures that a thread is to complete, whose jobs it runs: each is in the frame of its job, which needs it
// when the job is done.
func (fs *futures) ofJobs(t *thread) (all []uint64) {
	s := &stack{view: fs.walker.view, low: t.low, high: t.high}
	from := t.where.sp
	fs.walker.each(s, t.where, func(c call) bool {
		if slices.ContainsFunc(c.frames, isJob) {
			// Compiled code may have it in RBP, which whoever it called has saved below its own return address.
			in := fs.inFrame(s, from-callerSP, max(c.caller.sp, c.real))
			if len(in) == 1 { // else the compiler has put what the job calls into its frame, with other futures
				all = append(all, in...)
			}
		}
		from = c.caller.sp
		return true
	})
	return all
}

// inFrame are the futures that are referred to from a part of a stack; none where that is larger than is looked through.
func (fs *futures) inFrame(s *stack, from, to uint64) (all []uint64) {
	if to > from+8*maxJobFrame {
		return nil
	}
	for at := from; at < to; at += 8 {
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
// completes without its job too, after a time (orTimeout), or not all that hangs at it could be read, which may say so.
func (fs *futures) followers(future uint64) (signallers []uint64, ok bool) {
	next := []uint64{fs.classes.get(future, "stack")}
	for seen := 0; len(next) > 0; {
		c := next[len(next)-1]
		next = next[:len(next)-1]
		if c == 0 {
			continue
		}
		if seen++; seen > maxCompletions {
			return nil, false
		}
		next = append(next, fs.classes.get(c, "next"))
		if base := fs.classes.get(c, "base"); base != 0 { // c is at the second of the two that its base waits for
			c = base
		}
		switch class := fs.classes.describe(c); {
		case class == "":
			return nil, false
		case class == signaller:
			signallers = append(signallers, c)
		case isEither(class):
		case fs.classes.describe(fs.classes.get(c, "fn")) == canceller:
			return nil, false
		default:
			if dependent := fs.classes.get(c, "dep"); dependent != 0 {
				next = append(next, fs.classes.get(dependent, "stack"))
			}
		}
	}
	return signallers, !fs.walker.view.Spent()
}

// isEither says that a completion waits for any of several futures.
func isEither(class string) bool {
	return strings.HasPrefix(class, futureClass+"$Or") || class == futureClass+"$AnyOf"
}

// isJob says that a frame is that of a job which completes a future when it returns.
func isJob(f stacks.Frame) bool {
	return f.Function == futureClass+"$AsyncSupply.run" || f.Function == futureClass+"$AsyncRun.run"
}
