package jvm

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// jdk17 is the layout of OpenJDK 17.0.15 on amd64, as its tables say.
func jdk17() layout {
	return layout{
		version: 17,
		threadLayout: threadLayout{threadList: base, listThreads: 16, listLength: 4,
			osThread: 560, threadObject: 648, objectIsHandle: true, anchor: 656, state: 824, pending: 776, waiting: 792,
			stackBase: 592, stackSize: 600, threadEnd: 832, tid: 208, blocked: 10,
			lockLayout: lockLayout{monitorID: -1, lockStack: -1, lockTop: -1, lockFirst: -1}},
		anchorLayout:  anchorLayout{lastSP: 0, lastPC: 8, lastFP: 16, wrapperAnchor: 32},
		monitorLayout: monitorLayout{owner: 64, object: 8, monitorIsHandle: true},
		methodLayout: methodLayout{constMethod: 8, methodFlags: 50, constants: 8, codeSize: 32, constFlags: 28,
			nameIndex: 34, constMethodSize: 48, holder: 24, hasLines: 1, hidden: 8},
		classLayout: classLayout{poolSize: 72, sourceOfPool: 54, sourceOfClass: -1, className: 24, classSuper: 120,
			loaderData: 152, loader: 8, loaderIsHandle: true, classConstants: 232,
			fields: 456, fieldStream: -1, fieldCount: 310, symbolLength: 4, symbolBody: 6, bytesData: 4, shortsData: 4,
			arrayLength: 0},
		objectLayout: objectLayout{klass: 8},
		heapLayout: heapLayout{growableLength: 0, growableData: 8, heapMemory: 8, heapSegments: 120, heapShift: 256,
			low: 16, high: 24, blockHeader: 16},
		blobLayout: blobLayout{blobName: 96, blobSize: 12, blobFrame: 28, blobCode: 32, blobEnd: 40, nmMethod: 112,
			nmScopes: 120, nmDeopt: 128, nmMetadata: 260, nmPCs: 268, nmPCsEnd: 272, nmOriginal: 300, nmCompile: 304,
			pcSize: 16, pcOffset: 0, pcScope: 4, nmConstant: -1},
	}
}

// settled17 are settings as such a virtual machine may have them.
func settled17() settings {
	return settings{mirrorKlass: 112, compressedObjects: true, compressedClasses: true, heaps: base + 64,
		interpreterLow: base + 512, interpreterHigh: base + 1024, callStub: base + 8}
}

// base is where the random memory begins.
const base = 1 << 20

// random is memory of these bytes over and over, in a window that every second word of it is made to point into.
func random(data []byte) func(uint64, []byte) error {
	const size = 1 << 16
	memory := make([]byte, size)
	for i := range memory {
		memory[i] = data[i%len(data)] ^ byte(i/len(data))
	}
	for i := 0; i < size; i += 16 {
		binary.NativeEndian.PutUint64(memory[i:], base+binary.NativeEndian.Uint64(memory[i:])%size&^7)
	}
	return func(at uint64, into []byte) error {
		if at < base || at+uint64(len(into)) > base+size {
			return errors.New("not mapped")
		}
		copy(into, memory[at-base:])
		return nil
	}
}

func FuzzLook(f *testing.F) {
	f.Add([]byte("0123456789abcdefg"), true)
	f.Add([]byte{0, 1, 2, 3, 200, 255, 7}, false)
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0}, true)
	f.Fuzz(func(t *testing.T, data []byte, newer bool) {
		if len(data) == 0 {
			return
		}
		p := stacks.Process{Proc: t.TempDir(), PID: 1, Memory: random(data)}
		l := jdk17()
		if newer {
			l.version, l.fields, l.fieldStream = 21, -1, 456
		}
		r := newReader(p, l)
		*r.settings = settled17()
		for range 2 {
			works, _ := r.Look()
			for _, w := range works {
				if w.TID <= 0 || len(w.Frames) > maxFrames {
					t.Errorf("%+v", w)
				}
			}
			if r.view.Reads < 0 || r.view.Bytes < 0 {
				t.Errorf("more was read than may be: %d reads and %d bytes are left", r.view.Reads, r.view.Bytes)
			}
		}
	})
}

// A walk begins and goes on wherever the memory says.
func FuzzWalk(f *testing.F) {
	f.Add([]byte("0123456789abcdefg"), uint16(64), uint16(512), uint16(128))
	f.Add([]byte{0, 1, 2, 3, 200, 255, 7}, uint16(8), uint16(8), uint16(256))
	f.Add([]byte{0, 0, 1, 0, 0, 0, 8}, uint16(1024), uint16(4096), uint16(2048))
	f.Fuzz(func(t *testing.T, data []byte, sp, pc, fp uint16) {
		if len(data) == 0 {
			return
		}
		r := newReader(stacks.Process{Memory: random(data)}, jdk17())
		*r.settings = settled17()
		r.code.heaps = []heap{{low: base + 4096, high: base + 1<<15, segments: base, shift: 7},
			{low: base, high: base + 1<<16, segments: base + 1<<15, shift: 6}}
		s := &stack{view: r.view, low: base, high: base + 1<<16}
		for _, f := range r.tracer.walker.walk(s, anchor{sp: base + uint64(sp)&^7, pc: base + uint64(pc), fp: base + uint64(fp)&^7}) {
			if f.Function == "" || f.Line < 0 {
				t.Errorf("%+v", f)
			}
		}
		for object := uint64(base); object < base+256; object += 8 {
			r.classes.describe(object)
			r.classes.text(object)
			r.tracer.waits.of(&thread{at: object, object: object, pending: object,
				frames: []stacks.Frame{{Function: "jdk.internal.misc.Unsafe.park", Library: true}}}, nil)
			r.tracer.waits.parked(&thread{object: object}, nil)
		}
	})
}

func FuzzTables(f *testing.F) {
	f.Add([]byte("0123456789abcdefg"))
	f.Add([]byte{8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		at := map[string]uint64{}
		for i, name := range exported() {
			at[name] = base + uint64(8*i)
		}
		view := &foreign.View{Memory: random(data), Reads: maxOpenReads, Bytes: maxOpenBytes}
		tables, err := readTables(view, at)
		if err != nil {
			return
		}
		if _, err := readLayout(view, tables); err == nil {
			t.Error("random memory describes a virtual machine")
		}
	})
}

func TestStream(t *testing.T) {
	for _, row := range []struct {
		version int
		bytes   []byte
		want    uint32
	}{
		{17, []byte{0}, 0}, {17, []byte{191}, 191}, {17, []byte{192, 0}, 192}, {17, []byte{255, 1}, 319},
		{17, []byte{255, 191, 1}, 255 + 191<<6},
		{21, []byte{1}, 0}, {21, []byte{191}, 190}, {21, []byte{192, 1}, 191}, {21, []byte{192, 2}, 255},
		{17, nil, 0},
	} {
		s := newStream(row.version, row.bytes)
		if got := s.number(); got != row.want {
			t.Errorf("JDK %d, %v: %d, want %d", row.version, row.bytes, got, row.want)
		}
	}
	for bytes, want := range map[byte]int32{0: 0, 1: -1, 2: 1, 3: -2, 190: 95} {
		s := newStream(17, []byte{bytes})
		if got := s.signed(); got != want {
			t.Errorf("%d: %d, want %d", bytes, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	lines, whole := decodeLines(newStream(17, []byte{0<<3 | 7, 4<<3 | 1, 0xff, 20, 3, 0, 99}))
	want := []line{{0, 7}, {4, 8}, {14, 6}} // 20 is 10, 3 is -2
	if !whole || !slices.Equal(lines, want) {
		t.Errorf("%v %v, want %v", lines, whole, want)
	}
	if _, whole := decodeLines(newStream(17, []byte{9, 9})); whole {
		t.Error("a table without an end is whole")
	}
	m := &method{lines: lines}
	for bci, want := range map[int]int{0: 7, 3: 7, 4: 8, 13: 8, 14: 6, 400: 6} {
		if got := m.at(bci).Line; got != want {
			t.Errorf("bytecode %d: line %d, want %d", bci, got, want)
		}
	}
}
