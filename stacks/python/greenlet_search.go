package python

import (
	"maps"
	"slices"
)

const (
	maxGreenlets = 2048
	// firstSteps and steps bound how many objects of the collector's lists are passed in the first look and in each
	// one after it, some 0.1 µs each where they lie close together.
	firstSteps = 20000
	steps      = 2000
)

// A greenletSearch goes through the collector's lists for greenlets, a part in each look, since nothing else leads to all of
// them. Those that were found are asked again in each look.
type greenletSearch struct {
	runtime *cpython
	objects *objectReader
	classes map[uint64]bool // of the current look: whether greenlets are of a class
	known   map[uint64]bool
	// cursor is the header of the object of the oldest generation where the last look stopped; 0: begin at the end,
	// where the youngest are.
	cursor uint64
	begun  bool
}

// begin forgets the classes of the last look.
func (s *greenletSearch) begin() { s.classes = map[uint64]bool{} }

// all are the greenlets that are known now, in order.
func (s *greenletSearch) all() []uint64 {
	if s.runtime.layout.interpreter.generations == 0 || s.runtime.modules.moduleDict("greenlet") == 0 ||
		len(s.runtime.interpreters) == 0 {
		return nil
	}
	left := steps
	if !s.begun {
		left, s.begun = firstSteps, true
	}
	generations := s.runtime.interpreters[0] + s.runtime.layout.interpreter.generations
	const generationSize = 24 // struct gc_generation
	for young := range uint64(2) {
		head := generations + young*generationSize
		_, left = s.passBack(head, head, left)
	}
	oldest := generations + 2*generationSize
	from := s.cursor
	if from == 0 || s.runtime.mem.word(s.previous(from))&^3 != from { // it is gone
		from = oldest
	}
	s.cursor, _ = s.passBack(oldest, from, left)
	for at := range s.known {
		if !s.isGreenlet(at) {
			delete(s.known, at)
		}
	}
	return slices.Sorted(maps.Keys(s.known))
}

// previous is the header of the object before another in its list (PyGC_Head, pycore_gc.h); the lowest bits are marks.
func (s *greenletSearch) previous(header uint64) uint64 { return s.runtime.mem.word(header+8) &^ 3 }

// passBack goes from one header of a list towards its beginning and keeps the greenlets; it returns where it stopped,
// 0 at the beginning, and how many steps are left.
func (s *greenletSearch) passBack(head, from uint64, left int) (stopped uint64, rest int) {
	const header = 16
	for stopped = from; left > 0; left-- {
		at := s.previous(stopped)
		if at == head || at == 0 {
			return 0, left
		}
		if object := at + header; len(s.known) < maxGreenlets && s.isGreenlet(object) {
			s.known[object] = true
		}
		stopped = at
	}
	return stopped, 0
}

func (s *greenletSearch) isGreenlet(object uint64) bool {
	c := s.objects.typeOf(object)
	if is, known := s.classes[c.at]; known {
		return is
	}
	is := s.objects.derives(c, "greenlet.greenlet")
	s.classes[c.at] = is
	return is
}
