package golang

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

const base = 0x400000

// A picture is memory that is laid out by hand, at base.
type picture struct{ bytes []byte }

func (p *picture) memory(at uint64, into []byte) error {
	if at < base || at-base > uint64(len(p.bytes)) || uint64(len(p.bytes))-(at-base) < uint64(len(into)) {
		return errors.New("not mapped")
	}
	copy(into, p.bytes[at-base:])
	return nil
}

// put lays bytes at an offset and gives their address.
func (p *picture) put(offset int, b ...byte) uint64 {
	copy(p.bytes[offset:], b)
	return base + uint64(offset)
}

func words(values ...uint64) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func halves(values ...uint32) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// Where the parts of the program lie that newPicture lays out, as offsets.
const (
	textAt, textSize = 0x1000, 0x300 // outer, leaf and goexit, 0x100 bytes each
	headerAt         = 0x2000
	namesAt          = headerAt + headerSize
	unitsAt          = namesAt + 64
	filesAt          = unitsAt + 8
	valuesAt         = filesAt + 32
	entriesAt        = valuesAt + 64
	treeAt           = 0x3000
	moduleAt         = 0x4000
	bssAt            = 0x5000
	listAt           = 0x6000
	goroutineAt      = 0x7000
	stackAt          = 0x8000
	pictureSize      = 0x9000
)

// newPicture is a program of three functions: outer calls leaf, into which inner is inlined at its line 10; goexit is
// the first of every stack. Both of its goroutines wait in leaf.
func newPicture(l layout) *picture {
	p := &picture{bytes: make([]byte, pictureSize)}
	names := "\x00main.outer\x00main.leaf\x00main.inner\x00runtime.goexit\x00"
	header := append(halves(magic), 0, 0, 1, 8)
	header = append(header, words(3, 1, 0, namesAt-headerAt, unitsAt-headerAt, filesAt-headerAt, valuesAt-headerAt,
		entriesAt-headerAt)...)
	p.put(headerAt, header...)
	p.put(namesAt, []byte(names)...)
	p.put(unitsAt, halves(0)...)
	p.put(filesAt, []byte("main.go\x00")...)
	// values by address: a change in zigzag, then for how many bytes; the value before the first is -1
	p.put(valuesAt,
		0,
		50, 0x80, 2, 0, // at 1: a frame of 24 bytes
		2, 0x80, 2, 0, // at 5: value 0: the file
		20, 0x10, 4, 0xf0, 1, 0, // at 9: line 9, from 16 on line 11
		22, 0x40, 4, 0xc0, 1, 0, // at 15: line 10, from 64 on line 12
		0, 0x40, 2, 0xc0, 1, 0, // at 21: nothing inlined, from 64 on index 0 of the inlining tree
		2, 0x80, 2, 0, // at 27: no frame
	)
	funcs := entriesAt + 4*8
	p.put(entriesAt, halves(0, 0x40, 0x100, 0x80, 0x200, 0xe0, 0x300, 0)...)
	function := func(at int, entry, name, frame, line uint32, flags byte, tables ...uint32) {
		b := halves(entry, name, 0, 0, frame, 5, line, 0, 0, 0)
		if tables == nil {
			p.put(at, append(b, 0, flags, 0, 0)...)
			return
		}
		binary.LittleEndian.PutUint32(b[28:], 3)
		p.put(at, append(append(b, 0, flags, 0, 4), halves(tables...)...)...)
	}
	function(funcs+0x20, 0, 1, 1, 9, 0)
	function(funcs+0x60, 0x100, 12, 1, 15, 0, 0, 0, 21, 1<<32-1, 1<<32-1, 1<<32-1, 0)
	function(funcs+0xc0, 0x200, 33, 27, 9, flagTop)
	p.put(treeAt, halves(0, 22, 0x20, 1)...)
	module := make([]byte, l.inlined+8)
	copy(module, words(base+headerAt, base+namesAt, 64, 64, base+unitsAt, 1, 1, base+filesAt, 32, 32, base+valuesAt, 64,
		64, base+entriesAt, 0x200, 0x200, base+entriesAt, 4, 4))
	copy(module[moduleText:], words(base+textAt, base+textAt+textSize))
	copy(module[moduleBSS:], words(base+bssAt, base+bssAt+0x100))
	copy(module[l.inlined:], words(base+treeAt))
	p.put(moduleAt, module...)
	p.put(bssAt+0x40, words(base+listAt, 2, 2)...)
	for i := range 2 {
		g, stack := goroutineAt+i*0x400, stackAt+i*0x400
		p.put(listAt+i*8, words(base+uint64(g))...)
		low, sp := base+uint64(stack), base+uint64(stack)+0x300
		p.put(g, words(low, low+0x400)...)
		p.put(g+gSchedSP, words(sp, base+textAt+0x150, base+uint64(g))...)
		p.put(g+l.status, halves(waiting)...)
		p.put(g+l.goid, words(uint64(i)+1)...)
		p.put(g+l.startPC, words(base+textAt)...)
		p.put(stack+0x300+24, words(base+textAt+0x20)...)  // leaf goes back to outer
		p.put(stack+0x300+56, words(base+textAt+0x201)...) // outer to goexit
	}
	return p
}

// open finds the program in the picture as Open does.
func (p *picture) open(l layout) (*reader, bool) {
	found := &program{layout: l, mapped: span{base, listAt}}
	if !found.findModule(p.memory, span{base + moduleAt, 0x1000}) {
		return nil, false
	}
	allgs, err := found.findGoroutines(p.memory)
	if err != nil {
		return nil, false
	}
	return newReader(stacks.Process{PID: 1, Proc: "/nowhere", Memory: p.memory}, found, allgs), true
}

func TestAStackIsUnwoundWithWhatWasInlined(t *testing.T) {
	for minor, l := range layouts {
		r, ok := newPicture(l).open(l)
		if !ok {
			t.Fatalf("go1.%d: the program was not found", minor)
		}
		work, err := r.Look()
		if err != nil || len(work) != 2 {
			t.Fatalf("go1.%d: %d goroutines, %v", minor, len(work), err)
		}
		want := []stacks.Frame{
			{Function: "main.inner", File: "main.go", Line: 12}, {Function: "main.leaf", File: "main.go", Line: 10},
			{Function: "main.outer", File: "main.go", Line: 11},
		}
		for _, w := range work {
			if len(w.Frames) != len(want) || w.Frames[0] != want[0] || w.Frames[1] != want[1] || w.Frames[2] != want[2] {
				t.Errorf("go1.%d: goroutine %d has %+v, want %+v", minor, w.ID, w.Frames, want)
			}
		}
	}
}

// TestALineBeforeTheFunctionIsTheFunctions: the compiler gives a loop without a body line 1.
func TestALineBeforeTheFunctionIsTheFunctions(t *testing.T) {
	for minor, l := range layouts {
		p := newPicture(l)
		p.put(entriesAt+4*8+0x20+36, halves(15)...) // outer begins there
		r, ok := p.open(l)
		if !ok {
			t.Fatalf("go1.%d: the program was not found", minor)
		}
		work, err := r.Look()
		if err != nil || len(work) != 2 || len(work[0].Frames) != 3 || work[0].Frames[2].Line != 15 {
			t.Errorf("go1.%d: %+v, %v", minor, work, err)
		}
	}
}

// On arm64 a frame begins with its return address.
func TestAStackIsUnwoundByLinks(t *testing.T) {
	l := layouts[26]
	r, ok := newPicture(l).open(l)
	if !ok {
		t.Fatal("the program was not found")
	}
	r.tracer.unwinder.link = true
	stack := words(base+textAt+0x20, 0, 0, base+textAt+0x201, 0, 0, 0)
	calls, whole := r.tracer.unwinder.unwind(nil, base+textAt+0x150, true, stack)
	if !whole || len(calls) != 2 || calls[0].function.name != "main.leaf" || calls[1].function.name != "main.outer" {
		t.Errorf("unwound to %+v (whole: %v)", calls, whole)
	}
}

func TestAStackThatBreaksOffIsNotTold(t *testing.T) {
	l := layouts[26]
	p := newPicture(l)
	p.put(stackAt+0x300+56, words(42)...)
	r, ok := p.open(l)
	if !ok {
		t.Fatal("the program was not found")
	}
	work, err := r.Look()
	if err != nil || len(work) != 2 {
		t.Fatalf("%d goroutines, %v", len(work), err)
	}
	if f := work[0].Frames; len(f) != 1 || f[0] != (stacks.Frame{Function: "main.outer", File: "main.go"}) {
		t.Errorf("a stack that leads nowhere has %+v, want the function that it began with, without a line", f)
	}
}

// Any memory at all must be read without a panic and within bounds.
func FuzzLook(f *testing.F) {
	l := layouts[26]
	whole := newPicture(l)
	f.Add(uint16(0), []byte{})
	for _, at := range []int{headerAt, namesAt, valuesAt, entriesAt, entriesAt + 0x40, treeAt, moduleAt, bssAt + 0x40,
		listAt, goroutineAt, goroutineAt + l.status, stackAt + 0x318} {
		f.Add(uint16(at), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
		f.Add(uint16(at), []byte{1, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 2})
	}
	f.Fuzz(func(t *testing.T, at uint16, change []byte) {
		p := &picture{bytes: append([]byte(nil), whole.bytes...)}
		if int(at) < len(p.bytes) {
			copy(p.bytes[at:], change)
		}
		r, ok := p.open(l)
		if !ok {
			return
		}
		for range 2 {
			work, _ := r.Look()
			for _, w := range work {
				if len(w.Frames) > maxFrames {
					t.Fatalf("%d frames", len(w.Frames))
				}
			}
		}
	})
}

// What is no table at all must not be taken for one, and what is read of it must end.
func FuzzFunctions(f *testing.F) {
	f.Add(newPicture(layouts[26]).bytes[headerAt:headerAt+0x400], uint32(0), uint32(0x150))
	f.Fuzz(func(t *testing.T, table []byte, offset, pc uint32) {
		p := &picture{bytes: make([]byte, (len(table)+pageSize-1)/pageSize*pageSize)}
		p.put(0, table...)
		all := span{base, uint64(len(table))}
		tables := &functions{
			image: newImage(p.memory), text: base, etext: base + 1<<20, count: uint64(len(table) / 8), quantum: 1,
			index: all, entries: all, names: all, units: all, files: all, values: all, inlined: base,
		}
		if fn, err := tables.at(base + uint64(pc)); err == nil {
			tables.frame(fn, base+uint64(pc))
			if got := tables.positions(fn, base+uint64(pc)); len(got) > maxInlined+1 {
				t.Fatalf("%d positions", len(got))
			}
		}
		tables.value(offset, base, base+uint64(pc))
	})
}
