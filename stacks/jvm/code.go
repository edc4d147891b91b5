package jvm

import (
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// A heap is a part of the code cache, where compiled methods and the virtual machine's own pieces of code are.
type heap struct {
	low, high uint64
	segments  uint64 // a byte for each segment: how far back its blob begins
	shift     uint
}

const (
	maxHeaps    = 8
	maxBackward = 4096 // steps to a blob's beginning, of up to 254 segments each
	free        = 0xff // of a segment: nothing is there
	maxBlob     = 16 << 20
	maxBlobName = 64
	maxInlined  = 64
	maxPieces   = 1 << 15 // PcDescs of a method
	maxScopes   = 64      // bytes of a ScopeDesc that are of use
)

// readHeaps lists the parts of the code cache. They may grow, but not move.
func (p *program) readHeaps() []heap {
	list := p.view.Block(p.heaps, max(p.growableLength+4, p.growableData+8))
	count := min(int(list.Uint32(p.growableLength)), maxHeaps)
	var all []heap
	for i := range count {
		at := p.view.Word(list.Word(p.growableData) + uint64(8*i))
		memory := at + uint64(p.heapMemory)
		h := heap{
			low: p.view.Word(memory + uint64(p.low)), high: p.view.Word(memory + uint64(p.high)),
			segments: p.view.Word(at + uint64(p.heapSegments+p.low)),
			shift:    uint(p.view.Block(at+uint64(p.heapShift), 4).Uint32(0)),
		}
		if h.low != 0 && h.low < h.high && h.shift < 16 {
			all = append(all, h)
		}
	}
	return all
}

// blobAt is the address of the piece of code that an address is in; 0: it is in none.
func (p *program) blobAt(pc uint64) uint64 {
	for _, h := range p.codeHeaps {
		if pc < h.low || pc >= h.high {
			continue
		}
		segment := (pc - h.low) >> h.shift
		for range maxBackward {
			back := uint64(p.view.Block(h.segments+segment, 1).Byte(0))
			switch {
			case back == free || back > segment:
				return 0
			case back == 0:
				return h.low + segment<<h.shift + uint64(p.blockHeader)
			}
			segment -= back
		}
	}
	return 0
}

// A site is a place in compiled code that a call returns to: what stands in the frame of that call.
type site struct {
	blob   uint64
	build  uint64 // what tells the blob from another that takes its place: its method and the number of its compilation
	size   uint64 // bytes of its frame; 0: it cannot be walked over
	method uint64 // that the code was compiled from; 0: it is the virtual machine's own
	frames []stacks.Frame
	// of a method whose code was thrown away under it: where its frame has the place that it really is at; -1: it was not
	original int
}

// site tells of the piece of code at an address; nil: there is none.
func (p *program) site(pc uint64) *site {
	if s := p.sites[pc]; s != nil {
		if p.fresh[pc] || p.build(s.blob) == s.build {
			p.fresh[pc] = true
			return s
		}
		delete(p.sites, pc)
	}
	at := p.blobAt(pc)
	if at == 0 {
		return nil
	}
	b := p.view.Block(at, p.blobHeader())
	if pc < b.Word(p.blobCode) || pc > b.Word(p.blobEnd) || b.Uint32(p.blobSize) > maxBlob {
		return nil
	}
	s := &site{blob: at, build: p.build(at), original: -1}
	if words := int32(b.Uint32(p.blobFrame)); words > 0 {
		s.size = 8 * uint64(words)
	}
	switch p.view.CString(b.Word(p.blobName), maxBlobName) {
	case "nmethod":
		s.method = b.Word(p.nmMethod)
		p.inlined(s, b, at, pc)
	case "native nmethod":
		s.method = b.Word(p.nmMethod)
		if m := p.method(b.Word(p.nmMethod)); m != nil && !m.glue {
			s.frames = []stacks.Frame{m.frame}
		}
	}
	if p.view.Spent() {
		return nil
	}
	p.sites[pc], p.fresh[pc] = s, true
	return s
}

// blobHeader is how much of a blob holds its fields.
func (p *program) blobHeader() int {
	end := 0
	for _, at := range []int{p.blobName, p.blobCode, p.blobEnd, p.blobSize, p.blobFrame, p.nmMethod, p.nmScopes,
		p.nmDeopt, p.nmMetadata, p.nmPCs, p.nmPCsEnd, p.nmOriginal, p.nmCompile} {
		end = max(end, at+8)
	}
	return end
}

// build tells a compiled method from another at the same address.
func (p *program) build(blob uint64) uint64 {
	b := p.view.Block(blob, p.blobHeader())
	return b.Word(p.nmMethod) ^ uint64(b.Uint32(p.nmCompile))<<48 ^ uint64(b.Uint32(p.blobSize))
}

// inlined tells which methods stand in the frame of a compiled one at a place: itself and those that the compiler put
// into it, innermost first.
func (p *program) inlined(s *site, b foreign.Block, at, pc uint64) {
	if pc == b.Word(p.nmDeopt) {
		s.original = int(int32(b.Uint32(p.nmOriginal)))
		return
	}
	first, end := uint64(b.Uint32(p.nmPCs)), uint64(b.Uint32(p.nmPCsEnd))
	count := (end - first) / uint64(p.pcSize)
	if end < first || count > maxPieces {
		return
	}
	scope, ok := p.scopeOf(at+first, int(count), int32(pc-b.Word(p.blobCode)))
	if !ok {
		if m := p.method(b.Word(p.nmMethod)); m != nil {
			s.frames = []stacks.Frame{m.frame}
		}
		return
	}
	for range maxInlined {
		if scope == 0 {
			return
		}
		r := p.stream(p.view.Block(b.Word(p.nmScopes)+uint64(scope), maxScopes))
		outer := r.number()
		index := r.number()
		bci := max(int(int32(r.number()))-1, 0) // -1: it wants the lock of a synchronized method, before its first bytecode
		if index == 0 || index > maxPieces {
			return
		}
		if m := p.method(p.view.Word(at + uint64(b.Uint32(p.nmMetadata)) + 8*uint64(index-1))); m != nil && !m.glue {
			s.frames = append(s.frames, m.at(bci))
		}
		if outer >= scope { // a caller is described before what is in it
			return
		}
		scope = outer
	}
}

// scopeOf finds what describes the place at an offset in compiled code: the first that is not before it (PcDescs are
// in order).
func (p *program) scopeOf(first uint64, count int, offset int32) (uint32, bool) {
	low, high := 0, count
	for low < high {
		middle := int(uint(low+high) / 2)
		if int32(p.view.Block(first+uint64(middle*p.pcSize+p.pcOffset), 4).Uint32(0)) < offset {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == count {
		return 0, false
	}
	found := p.view.Block(first+uint64(low*p.pcSize), p.pcSize)
	return found.Uint32(p.pcScope), int32(found.Uint32(p.pcOffset)) == offset
}
