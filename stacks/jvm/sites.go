package jvm

import (
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

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

const (
	maxBlob     = 16 << 20
	maxBlobName = 64
	maxInlined  = 64
	maxPieces   = 1 << 15 // PcDescs of a method
	maxScopes   = 64      // bytes of a ScopeDesc that are of use
)

// sites are the places that calls on stacks return to.
type sites struct {
	blobLayout
	version int // of Java
	view    *foreign.View
	code    *codeCache
	methods *methods
	known   map[uint64]*site
	fresh   map[uint64]bool    // those that this look has found to be as they were
	calls   map[[2]uint64]bool // what this look knows of whom code calls
}

// site tells of the piece of code at an address; nil: there is none.
func (all *sites) site(pc uint64) *site {
	if s := all.known[pc]; s != nil {
		if all.fresh[pc] || all.build(s.blob) == s.build {
			all.fresh[pc] = true
			return s
		}
		delete(all.known, pc)
	}
	at := all.code.blobAt(pc)
	if at == 0 {
		return nil
	}
	b := all.view.Block(at, all.blobHeader())
	e := all.extent(b, at)
	if pc < e.code || pc > e.end || b.Uint32(all.blobSize) > maxBlob {
		return nil
	}
	s := &site{blob: at, build: all.build(at), original: -1}
	if words := int32(b.Uint32(all.blobFrame)); words > 0 {
		s.size = 8 * uint64(words)
	}
	switch all.view.CString(b.Word(all.blobName), maxBlobName) {
	case "nmethod":
		s.method = b.Word(all.nmMethod)
		all.inlined(s, b, e, pc)
	case "native nmethod":
		s.method = b.Word(all.nmMethod)
		if m := all.methods.method(b.Word(all.nmMethod)); m != nil && !m.glue {
			s.frames = []stacks.Frame{m.frame}
		}
	}
	if all.view.Spent() {
		return nil
	}
	all.known[pc], all.fresh[pc] = s, true
	return s
}

// blobHeader is how much of a blob holds its fields.
func (all *sites) blobHeader() int {
	end := 0
	for _, at := range []int{all.blobName, all.blobCode, all.blobEnd, all.blobSize, all.blobFrame, all.nmMethod,
		all.nmScopes, all.nmDeopt, all.nmMetadata, all.nmPCs, all.nmPCsEnd, all.nmOriginal, all.nmCompile, all.nmConstant,
		all.blobMutable, all.blobRelocation} {
		end = max(end, at+8)
	}
	return end
}

// An extent is where a blob's code lies, and what describes it, in addresses.
type extent struct{ code, end, deopt, scopes, pieces, piecesEnd, metadata uint64 }

// extent reads it from the fields of the blob at an address (nmethod.hpp): which have some as addresses and the others
// counted from the blob's beginning, or all counted from the beginning of the blob or of what lies apart.
func (l *blobLayout) extent(b foreign.Block, at uint64) extent {
	from := func(base uint64, field int) uint64 { return base + uint64(b.Uint32(field)) }
	if !l.apart {
		return extent{code: b.Word(l.blobCode), end: b.Word(l.blobEnd), deopt: b.Word(l.nmDeopt), scopes: b.Word(l.nmScopes),
			pieces: from(at, l.nmPCs), piecesEnd: from(at, l.nmPCsEnd), metadata: from(at, l.nmMetadata)}
	}
	constant := b.Word(l.nmConstant)
	return extent{code: from(at, l.blobCode), end: from(at, l.blobEnd), deopt: from(at, l.nmDeopt),
		scopes: from(constant, l.nmScopes), pieces: from(constant, l.nmPCs), piecesEnd: from(constant, l.nmScopes),
		metadata: from(b.Word(l.blobMutable), l.blobRelocation)}
}

// build tells a compiled method from another at the same address.
func (all *sites) build(blob uint64) uint64 {
	b := all.view.Block(blob, all.blobHeader())
	return b.Word(all.nmMethod) ^ uint64(b.Uint32(all.nmCompile))<<48 ^ uint64(b.Uint32(all.blobSize))
}

// inlined tells which methods stand in the frame of a compiled one at a place: itself and those that the compiler put
// into it, innermost first.
func (all *sites) inlined(s *site, b foreign.Block, e extent, pc uint64) {
	if pc == e.deopt {
		s.original = int(int32(b.Uint32(all.nmOriginal)))
		return
	}
	count := (e.piecesEnd - e.pieces) / uint64(all.pcSize)
	if e.piecesEnd < e.pieces || count > maxPieces {
		return
	}
	scope, ok := all.scopeOf(e.pieces, int(count), int32(pc-e.code))
	if !ok {
		if m := all.methods.method(b.Word(all.nmMethod)); m != nil {
			s.frames = []stacks.Frame{m.frame}
		}
		return
	}
	for range maxInlined {
		if scope == 0 {
			return
		}
		r := newStream(all.version, all.view.Block(e.scopes+uint64(scope), maxScopes))
		outer := r.number()
		index := r.number()
		bci := max(int(int32(r.number()))-1, 0) // -1: it wants the lock of a synchronized method, before its first bytecode
		if index == 0 || index > maxPieces {
			return
		}
		if m := all.methods.method(all.view.Word(e.metadata + 8*uint64(index-1))); m != nil && !m.glue {
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
func (all *sites) scopeOf(first uint64, count int, offset int32) (uint32, bool) {
	low, high := 0, count
	for low < high {
		middle := int(uint(low+high) / 2)
		if int32(all.view.Block(first+uint64(middle*all.pcSize+all.pcOffset), 4).Uint32(0)) < offset {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == count {
		return 0, false
	}
	found := all.view.Block(first+uint64(low*all.pcSize), all.pcSize)
	return found.Uint32(all.pcScope), int32(found.Uint32(all.pcOffset)) == offset
}

const (
	nearCall = 5 // bytes of a call with a distance of 32 bits: its code and that (Intel's manual, CALL)
	callCode = 0xe8
)

// mayCall says whether the call that returns to a place may be one of a method. It is not where it goes to the code
// of another one.
func (all *sites) mayCall(pc, method uint64) bool {
	known, ok := all.calls[[2]uint64{pc, method}]
	if !ok {
		known = all.mayCallNow(pc, method)
		all.calls[[2]uint64{pc, method}] = known
	}
	return known
}

func (all *sites) mayCallNow(pc, method uint64) bool {
	b := all.view.Block(pc-nearCall, nearCall)
	if b.Byte(0) != callCode {
		return true
	}
	target := pc + uint64(int64(int32(b.Uint32(1))))
	blob := all.code.blobAt(target)
	if blob == 0 {
		return true
	}
	h := all.view.Block(blob, all.blobHeader())
	if name := all.view.CString(h.Word(all.blobName), maxBlobName); name != "nmethod" && name != "native nmethod" {
		return true
	}
	return h.Word(all.nmMethod) == method
}
