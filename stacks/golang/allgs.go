package golang

import (
	"encoding/binary"
	"errors"
)

// maxListed bounds the elements of runtime.allgs that are read: dead ones stay in it.
const maxListed = 1 << 17

// allgs is the slice of all goroutines that ever were.
type allgs struct {
	memory  func(uint64, []byte) error
	layout  layout
	at      uint64 // address of runtime.allgs
	scratch *scratch
}

// findGoroutines is the address of runtime.allgs, the slice of all goroutines that ever were. It is looked for by
// what it holds, since stripped programs have no symbol for it: each element must be a g, which has its own address
// in g.sched.g, and most must have begun at the entry of a function. Nothing else is of that shape among a program's
// variables.
func (p *program) findGoroutines(memory func(uint64, []byte) error) (uint64, error) {
	var found uint64
	err := search(memory, p.bss, 24, func(at uint64, words []byte) bool {
		if s := sliceOf(words); s.plausible() && !p.holds(s.at) && p.areGoroutines(memory, s) {
			found = at
		}
		return found != 0
	})
	switch {
	case found != 0:
		return found, nil
	case err != nil:
		return 0, err
	}
	return 0, errors.New("read goroutines: the runtime has none yet, or its list of them was not found")
}

// A slice is the header of a slice of pointers.
type slice struct{ at, length, capacity uint64 }

func sliceOf(b []byte) slice {
	word := binary.LittleEndian.Uint64
	return slice{word(b), word(b[8:]), word(b[16:])}
}

// plausible tells whether it may be runtime.allgs. A program has some goroutines of the runtime before its own first.
func (s slice) plausible() bool {
	return s.at != 0 && s.at%8 == 0 && s.length >= 2 && s.length <= s.capacity && s.capacity <= 1<<26
}

// areGoroutines looks at some elements of a slice, from its first on.
func (p *program) areGoroutines(memory func(uint64, []byte) error, s slice) bool {
	const looked = 16
	pointers := make([]byte, 8*min(s.length, looked))
	if memory(s.at, pointers) != nil {
		return false
	}
	begun, ids := 0, map[uint64]bool{}
	b := make([]byte, p.layout.size())
	for i := 0; i < len(pointers); i += 8 {
		at := binary.LittleEndian.Uint64(pointers[i:])
		if at == 0 || at%8 != 0 || memory(at, b) != nil {
			return false
		}
		g, ok := p.layout.decode(at, b)
		if !ok || ids[g.id] {
			return false
		}
		ids[g.id] = true
		if f, err := p.functions.at(g.start); err == nil && f.entry == g.start {
			begun++
		}
	}
	return begun > 1 && begun*2 > len(ids)
}

// addresses reads those of the goroutines that ever were.
func (a *allgs) addresses() []uint64 {
	var header [24]byte
	if a.memory(a.at, header[:]) != nil {
		return nil
	}
	s := sliceOf(header[:])
	if !s.plausible() {
		return nil
	}
	b := make([]byte, 8*min(s.length, maxListed))
	if a.memory(s.at, b) != nil {
		return nil
	}
	all := make([]uint64, len(b)/8)
	for i := range all {
		all[i] = word(b, i*8)
	}
	return all
}

// read reads goroutines and leaves those out that do not live.
func (a *allgs) read(listed []uint64) []goroutine {
	size := a.layout.size()
	into := a.scratch.take(len(listed) * size)
	pieces := make([]piece, len(listed))
	for i, at := range listed {
		pieces[i] = piece{at: at, into: into[i*size : (i+1)*size]}
	}
	gather(a.memory, pieces, a.scratch.buffer)
	all := make([]goroutine, 0, len(listed))
	for _, p := range pieces {
		if !p.good {
			continue
		}
		if g, ok := a.layout.decode(p.at, p.into); ok && g.alive() {
			all = append(all, g)
		}
	}
	return all
}
