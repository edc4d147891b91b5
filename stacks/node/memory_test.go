package node

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// v8 is the layout of V8 11.3, of Node.js 20, as its metadata says.
func v8() layout {
	return layout{
		objectLayout: objectLayout{mapType: 12, functionShared: 24, sharedName: 16, sharedScript: 32, scriptName: 16,
			scriptSource: 8, bytecodes: 54, bytecodePlaces: placesBehind, bytecodeType: 191, scopeType: 261, sharedType: 262, scriptType: 167},
		stringLayout: stringLayout{stringLength: 12, oneByte: 16, twoByte: 16, consFirst: 16, consSecond: 24,
			thinActual: 16, slicedParent: 16, slicedOffset: 24, firstNonString: 128,
			representation: 7, encoding: 8, oneByteTag: 8, seq: 0, cons: 1, external: 2, sliced: 3, thin: 5},
		frameLayout: frameLayout{frameFunction: -16, frameMarker: -8, frameBytecodes: -32, frameBytecode: -40,
			entryFrame: 1, constructEntryFrame: 2, builtinExitFrame: 25},
		isolateLayout: isolateLayout{exitOffset: 0x180, entryOffset: 0x1a0},
		codeLayout: codeLayout{streamType: 250, streamStart: 16, codeData: 16, codePlaces: 24, codeStart: 40, codeFlags: 48,
			codeSize: 56, codeLoop: 68, sharedData: 8, baseline: 11, kindOfFlags: 15, bytecodeSizes: base + 512, kinds: 198},
	}
}

// base is where the random memory begins, and size how large it is.
const (
	base = 1 << 20
	size = 1 << 17
)

// random is memory of these bytes over and over; every second word of it points into it, as V8 tags what it points to
// or not.
func random(data []byte) func(uint64, []byte) error {
	memory := make([]byte, size)
	for i := range memory {
		memory[i] = data[i%len(data)] ^ byte(i/len(data))
	}
	for i := 0; i < size; i += 16 {
		binary.NativeEndian.PutUint64(memory[i:], base+binary.NativeEndian.Uint64(memory[i:])%size&^6)
	}
	return func(at uint64, into []byte) error {
		if at < base || at+uint64(len(into)) > base+size {
			return errors.New("not mapped")
		}
		copy(into, memory[at-base:])
		return nil
	}
}

func FuzzMemory(f *testing.F) {
	f.Add([]byte("0123456789abcdefg"), uint32(64), uint32(4096))
	f.Add([]byte{0, 1, 2, 3, 200, 255, 7}, uint32(8), uint32(1<<16))
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0}, uint32(128), uint32(1<<15))
	f.Fuzz(func(t *testing.T, data []byte, from, to uint32) {
		if len(data) == 0 {
			return
		}
		r := newReader(stacks.Process{Memory: random(data)}, v8())
		w := r.walker
		frames, whole := w.walk(nil, call{fp: base + uint64(from%size)&^7, pc: base + uint64(to%size), runs: from%2 == 0}, base+uint64(to%size)&^7)
		if whole != (len(frames) > 0) || len(frames) > maxFrames {
			t.Errorf("whole %v: %+v", whole, frames)
		}
		for word := uint64(base + 1); word < base+512; word += 8 {
			w.text(word)
			w.nameOf(word)
			if f := w.function(word); f != nil && (f.Function == "" || f.Line < 0) {
				t.Errorf("%+v", f)
			}
			if n := w.sources.line(word, int(from)); n < 0 {
				t.Errorf("line %d", n)
			}
			w.sources.lineAt(&table{}, 0, word, int(to))
			w.codeAt(word + uint64(from%size))
			c := code{at: word, start: word, size: size}
			for _, c.baseline = range []bool{true, false} {
				w.bytecodeIn(c, word+8, call{pc: word + uint64(to%64), runs: from%2 == 0})
			}
		}
		if r.view.Reads < 0 || r.view.Bytes < 0 {
			t.Errorf("more was read than may be: %d reads and %d bytes are left", r.view.Reads, r.view.Bytes)
		}
	})
}

func FuzzWhereTheOutermostIs(f *testing.F) {
	// Of V8 11: the kind of the note, how far back the one is that it repeats, two counts; a kind, the bytecode, the function.
	f.Add([]byte{2, 0, 4, 4, 23, 76, 10, 6}, 0)
	f.Add([]byte{2, 0, 4, 4, 23, 76, 10, 6, 2, 8, 4, 4, 44, 23, 66, 0}, 8)
	f.Fuzz(func(t *testing.T, notes []byte, index int) {
		memory := make([]byte, size)
		binary.NativeEndian.PutUint64(memory[8:], uint64(len(notes))<<32)
		copy(memory[16:1<<10], notes)
		binary.NativeEndian.PutUint64(memory[1<<10+8:], 6<<32) // six constants, of which the last is the function
		binary.NativeEndian.PutUint64(memory[1<<10+16+8*5:], base+1)
		r := newReader(stacks.Process{Memory: func(at uint64, into []byte) error {
			if at < base || at+uint64(len(into)) > base+size {
				return errors.New("not mapped")
			}
			copy(into, memory[at-base:])
			return nil
		}}, v8())
		head := []uint64{base + 1, 0, base + 1<<10 + 1}
		offset, known := r.walker.outermost(func(at int) uint64 { return head[at/8] }, len(head), base+1, index)
		if index == 0 && slices.Equal(notes, []byte{2, 0, 4, 4, 23, 76, 10, 6}) && (offset != 38 || !known) || !known && offset != 0 {
			t.Errorf("%v at %d: %d %v", notes, index, offset, known)
		}
	})
}

func TestTheHeadOfWhatOptimizedCodeFallsBackTo(t *testing.T) {
	// Eleven words, the last two of which say that there are one and three places of three words each.
	all := make([]uint64, 23)
	all[9], all[10] = 1<<32, 3<<32
	word := func(at int) uint64 { return all[at/8] }
	if got := headOf(word, len(all)); got != 11 {
		t.Errorf("%d words, want 11", got)
	}
	if got := headOf(word, len(all)-1); got != 0 {
		t.Errorf("of another length: %d words, want none", got)
	}
}

func FuzzPlaces(f *testing.F) {
	f.Add([]byte{0, 4, 5, 6})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, flagged := range []bool{false, true} {
			if all := places(b, flagged); len(all) > len(b) {
				t.Errorf("%d bytes are %d places", len(b), len(all))
			}
		}
	})
}

func TestPlaces(t *testing.T) {
	// A statement at bytecode 0 and character 10, an expression 3 bytecodes on at character 30, a statement 70 on at
	// character 12. A character is one more, and twice that.
	b := []byte{0, 44, 7, 80, 0x8c, 0x01, 71}
	want := []place{{0, 10}, {3, 30}, {73, 12}}
	if got := places(b, false); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	b = []byte{2 | 1, 44, 3<<2 | 2, 80, 0x80 | 0x1a, 0x02, 71} // a bit for a statement, one that is always there
	if got := places(b, true); !slices.Equal(got, want) {
		t.Errorf("as V8 14 writes it: %v, want %v", got, want)
	}
}

func TestASmallIntegerAndAnObjectAreToldApart(t *testing.T) {
	for word, want := range map[uint64]int{7 << 32: 7, 0xffffffff << 32: -1, 0: 0} {
		if n, ok := small(word); !ok || n != want || object(word) != 0 {
			t.Errorf("%#x: %d %v, want %d", word, n, ok, want)
		}
	}
	if _, ok := small(0x1001); ok || object(0x1001) != 0x1000 {
		t.Error("an object is taken for an integer")
	}
	if object(1<<48|1) != 0 || object(0x1003) != 0 {
		t.Error("what no object can be is taken for one")
	}
}
