// Package jvm reads what the threads of a Java virtual machine do (HotSpot, which OpenJDK and most others are: 11 to
// 21, on amd64): each one's frames, what it waits for and who holds that, and whether it is one of a pool's that
// waits for its next piece of work. HotSpot describes its own structures for debuggers, in tables that its library
// exports; what is read follows those. It asks nothing of the virtual machine, loads no agent, and brings no thread
// to a safepoint. Of a thread that runs compiled Java code it tells who called that, and of a loop that calls
// nothing, nothing. It knows no virtual threads.
package jvm

import (
	"debug/elf"
	"errors"
	"fmt"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// Bounds of one look: a read takes up to 3 µs of processor time, a thread that is known already 7 reads.
const (
	maxReads = 2500
	maxBytes = 6 << 20
	// What may be read once, when it is opened: the tables are some 2000 entries.
	maxOpenReads = 60_000
	maxOpenBytes = 64 << 20
	// keepLooks is after how many looks all is read anew that is kept of classes and methods: they may have been
	// unloaded, and others stand in their place.
	keepLooks = 64
	maxKept   = 1 << 14
)

// A program is a virtual machine, with what is kept of its code from one look to the next.
type program struct {
	layout
	view      *foreign.View // of the look that is going on
	codeHeaps []heap
	classes   map[uint64]*class
	methods   map[uint64]*method
	sites     map[uint64]*site
	names     map[uint64]named
	fresh     map[uint64]bool     // sites that this look has found to be as they were
	objects   map[uint64]instance // what this look has read of objects
	calls     map[[2]uint64]bool  // what this look knows of whom code calls
	traces    map[uint64]trace    // of the last look, by thread
	looks     int
	next      int // the thread that the next look traces first
}

type reader struct {
	program
	process stacks.Process
	ids     *stacks.ThreadIDs
	tables  *tables // until the settings are read
}

// Open finds a Java virtual machine in a process.
func Open(p stacks.Process) (stacks.Reader, error) {
	return symbols.Find(p, "Java", func(name string) bool { return name == "libjvm.so" },
		func(object *symbols.Object) (stacks.Reader, error) { return open(p, object) })
}

func open(p stacks.Process, object *symbols.Object) (stacks.Reader, error) {
	if object.Machine != elf.EM_X86_64 {
		return nil, fmt.Errorf("it is for %v, not for amd64", object.Machine)
	}
	at := object.Addresses(exported()...)
	if at["gHotSpotVMStructs"] == 0 {
		return nil, errors.New("it is not HotSpot: it has no gHotSpotVMStructs")
	}
	t, err := readTables(opening(p), at)
	if err != nil {
		return nil, err
	}
	r := &reader{process: p, ids: stacks.NewThreadIDs(p), tables: &t}
	if r.layout, err = readLayout(opening(p), t); err != nil {
		return nil, err
	}
	r.forget()
	for range maxFirst { // the methods of all threads are more than one look may read
		if _, err := r.Look(); err != nil || r.next == 0 && !r.view.Spent() {
			break // what is wrong, such as that it has no thread yet, the looks to come say
		}
	}
	return r, nil
}

// maxFirst is how many looks are made when a virtual machine is opened, to know its methods.
const maxFirst = 4

func opening(p stacks.Process) *foreign.View {
	return &foreign.View{Memory: pages(p.Memory), Reads: maxOpenReads, Bytes: maxOpenBytes}
}

// pages reads memory in whole pages and keeps them: for tables, which do not change.
func pages(memory func(uint64, []byte) error) func(uint64, []byte) error {
	kept := map[uint64]*[pageSize]byte{}
	return func(at uint64, into []byte) error {
		for len(into) > 0 {
			page := kept[at/pageSize]
			if page == nil {
				page = new([pageSize]byte)
				if err := memory(at/pageSize*pageSize, page[:]); err != nil {
					return err
				}
				kept[at/pageSize] = page
			}
			n := copy(into, page[at%pageSize:])
			into, at = into[n:], at+uint64(n)
		}
		return nil
	}
}

func (p *program) forget() {
	p.classes, p.methods = map[uint64]*class{}, map[uint64]*method{}
	p.sites, p.names = map[uint64]*site{}, map[uint64]named{}
}

func (r *reader) Language() string { return "java" }

// Look tells what each thread does.
func (r *reader) Look() ([]stacks.Work, error) {
	if r.looks++; r.looks%keepLooks == 0 || len(r.classes)+len(r.methods)+len(r.sites)+len(r.names) > maxKept {
		r.forget()
	}
	r.view = &foreign.View{Memory: r.process.Memory, Reads: maxReads, Bytes: maxBytes}
	if err := r.settle(); err != nil {
		return nil, fmt.Errorf("read Java %d in process %d: %w", r.version, r.process.PID, err)
	}
	r.codeHeaps = r.readHeaps()
	r.fresh, r.objects, r.calls = map[uint64]bool{}, map[uint64]instance{}, map[[2]uint64]bool{}
	threads := r.list()
	if len(threads) == 0 {
		return nil, fmt.Errorf("read Java %d in process %d: no thread was found", r.version, r.process.PID)
	}
	for _, t := range threads {
		t.tid = r.ids.Of(t.tid)
	}
	running := r.firstReading(threads)
	r.traceAll(threads)
	r.secondReadings(running)
	all := make([]stacks.Work, 0, len(threads))
	for _, t := range threads {
		w := stacks.Work{Kind: "thread", TID: t.tid, ID: t.at, Name: t.name, Frames: t.frames, Wait: t.wait}
		w.Pool, w.Idle = pooled(t.frames), r.idle(t)
		all = append(all, w)
	}
	return all, nil
}

// settle reads the settings, once there are threads.
func (r *reader) settle() (err error) {
	if r.tables == nil {
		return nil
	}
	if len(r.addresses()) == 0 {
		return errors.New("it has no thread yet")
	}
	if r.settings, err = readSettings(opening(r.process), *r.tables); err == nil {
		r.tables = nil
	}
	return err
}
