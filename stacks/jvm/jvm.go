// Package jvm reads what the threads of a Java virtual machine do (HotSpot, which OpenJDK and most others are: 11 to
// 21 and 25, on amd64): each one's frames, what it waits for and who holds that, and whether it is one of a pool's that
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

type reader struct {
	process  stacks.Process
	ids      *stacks.ThreadIDs
	tables   *tables // until the settings are read
	settings *settings
	view     *foreign.View // refilled for each look
	version  int           // of Java
	objects  *objects
	classes  *classes
	methods  *methods
	code     *codeCache
	sites    *sites
	threads  *threads
	tracer   *tracer
	futures  *futures
	sampler  *sampler
	looks    int
}

// newReader has no settings yet.
func newReader(p stacks.Process, l layout) *reader {
	r := &reader{process: p, ids: stacks.NewThreadIDs(p), version: l.version, settings: &settings{},
		view: &foreign.View{Memory: p.Memory, Reads: maxReads, Bytes: maxBytes}}
	r.objects = &objects{objectLayout: l.objectLayout, settings: r.settings, view: r.view}
	r.classes = &classes{classLayout: l.classLayout, version: l.version, view: r.view, objects: r.objects}
	r.methods = &methods{methodLayout: l.methodLayout, version: l.version, view: r.view, classes: r.classes}
	r.code = &codeCache{heapLayout: l.heapLayout, settings: r.settings, view: r.view}
	r.sites = &sites{blobLayout: l.blobLayout, version: l.version, view: r.view, code: r.code, methods: r.methods}
	r.threads = &threads{threadLayout: l.threadLayout, anchorLayout: l.anchorLayout, view: r.view, classes: r.classes}
	w := &walker{anchorLayout: l.anchorLayout, settings: r.settings, view: r.view, methods: r.methods, sites: r.sites}
	r.tracer = &tracer{anchor: l.anchor, view: r.view, walker: w,
		waits: &waits{monitorLayout: l.monitorLayout, view: r.view, classes: r.classes}}
	r.futures = &futures{classes: r.classes, walker: w}
	r.sampler = &sampler{threadLayout: l.threadLayout, settings: r.settings, view: r.view, walker: w}
	r.forget()
	r.begin()
	return r
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
	l, err := readLayout(opening(p), t)
	if err != nil {
		return nil, err
	}
	r := newReader(p, l)
	r.tables = &t
	for range maxFirst { // the methods of all threads are more than one look may read
		if _, err := r.Look(); err != nil || r.tracer.next == 0 && !r.view.Spent() {
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

// forget drops what is kept from one look to the next.
func (r *reader) forget() {
	r.classes.known, r.methods.known = map[uint64]*class{}, map[uint64]*method{}
	r.sites.known, r.threads.names = map[uint64]*site{}, map[uint64]named{}
}

// kept is how much that is.
func (r *reader) kept() int {
	return len(r.classes.known) + len(r.methods.known) + len(r.sites.known) + len(r.threads.names)
}

// begin drops what holds for one look only.
func (r *reader) begin() {
	r.sites.fresh, r.sites.calls = map[uint64]bool{}, map[[2]uint64]bool{}
	r.objects.read = map[uint64]instance{}
}

func (r *reader) Language() string { return "java" }

// Look tells what each thread does.
func (r *reader) Look() ([]stacks.Work, error) {
	if r.looks++; r.looks%keepLooks == 0 || r.kept() > maxKept {
		r.forget()
	}
	r.view.Reads, r.view.Bytes = maxReads, maxBytes
	if err := r.settle(); err != nil {
		return nil, fmt.Errorf("read Java %d in process %d: %w", r.version, r.process.PID, err)
	}
	r.begin()
	r.code.readHeaps()
	threads := r.threads.list()
	if len(threads) == 0 {
		return nil, fmt.Errorf("read Java %d in process %d: no thread was found", r.version, r.process.PID)
	}
	for _, t := range threads {
		t.tid = r.ids.Of(t.tid)
	}
	r.sampler.turn = r.looks
	running := r.sampler.firstReading(threads)
	r.tracer.traceAll(threads)
	r.futures.assign(threads)
	r.sampler.secondReadings(running)
	all := make([]stacks.Work, 0, len(threads))
	for _, t := range threads {
		w := stacks.Work{Kind: "thread", TID: t.tid, ID: t.at, Name: t.name, Frames: t.frames, Wait: t.wait}
		w.Idle = idle(t, r.threads.blocked)
		w.Pool = pooled(t.frames) && !(w.Idle && lent(t.frames))
		w.Turn = !w.Idle && inTurn(t.frames)
		w.Main = t.name == "main"
		w.Script = course(t.frames) || w.Main && anyOwn(t.frames)
		all = append(all, w)
	}
	return all, nil
}

// settle reads the settings, once there are threads.
func (r *reader) settle() error {
	if r.tables == nil {
		return nil
	}
	if len(r.threads.addresses()) == 0 {
		return errors.New("it has no thread yet")
	}
	found, err := readSettings(opening(r.process), *r.tables, r.version)
	if err == nil {
		*r.settings, r.tables = found, nil
	}
	return err
}
