// Package ruby reads what the threads of a process of Ruby do: each one's frames, what it waits for and who holds that,
// who has the interpreter's lock, and whether it is one of a server's that waits for its next request. It follows
// Ruby's own structures from the outside. CRuby 3.0 to 3.4.
package ruby

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// Bounds of one look. A first look at twenty threads takes some thousand reads, the next ones a few hundred.
const (
	maxReads = 8000
	maxBytes = 4 << 20
	// What may be read once, when it is opened, to find what a stripped library does not name.
	maxSearch      = 10000
	maxSearchBytes = 16 << 20
	// keepLooks is after how many looks all is read anew that is kept of code and classes: they may have been unloaded,
	// and others stand in their place.
	keepLooks = 64
	maxKept   = 1 << 13
)

type reader struct {
	process stacks.Process
	layout  layout
	threads threads
	names   *names
	walker  *walker
	looks   int
}

// Open finds Ruby in a process: in its program, or in libruby.
func Open(p stacks.Process) (stacks.Reader, error) {
	return symbols.Find(p, "Ruby", func(name string) bool { return strings.Contains(name, "ruby") },
		func(object *symbols.Object) (stacks.Reader, error) { return open(p, object) })
}

// open finds Ruby in one file of a process; neither a reader nor an error: it is not there.
func open(p stacks.Process, object *symbols.Object) (stacks.Reader, error) {
	at := object.Addresses("ruby_current_vm_ptr", "ruby_api_version", "ruby_global_symbols", "global_symbols")
	if at["ruby_api_version"] == 0 {
		return nil, nil
	}
	r := newReader(p)
	view := r.view()
	version := view.Block(at["ruby_api_version"], 12)
	if version == nil {
		return nil, errors.New("its version is not there")
	}
	major, minor := version.Uint32(0), version.Uint32(4)
	l, known := layouts(major, minor)
	if !known || binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return nil, fmt.Errorf("version %d.%d is none of 3.0 to 3.4 on a little-endian processor", major, minor)
	}
	r.layout = l
	view.Reads, view.Bytes = maxSearch, maxSearchBytes
	r.threads.vm = at["ruby_current_vm_ptr"]
	if r.threads.vm == 0 { // since 3.3 a stripped library does not name it
		r.threads.vm = findVM(view, writable(object))
	}
	if r.threads.vm == 0 {
		return nil, fmt.Errorf("the virtual machine of version %s was not found among its variables", l.name)
	}
	if r.names.symbols = max(at["ruby_global_symbols"], at["global_symbols"]); r.names.symbols == 0 {
		r.names.symbols = findSymbols(view, writable(object))
	}
	return r, nil
}

// newReader is without what is known of the process's version and its variables.
func newReader(p stacks.Process) *reader {
	n := newNames()
	return &reader{process: p, threads: threads{pid: p.PID, ids: stacks.NewThreadIDs(p)}, names: n, walker: newWalker(n)}
}

func (r *reader) view() memory {
	return memory{&foreign.View{Memory: r.process.Memory, Reads: maxReads, Bytes: maxBytes}, &r.layout}
}

func (r *reader) Language() string { return "ruby" }

// Look tells what each thread does.
func (r *reader) Look() ([]stacks.Work, error) {
	if r.looks++; r.looks%keepLooks == 0 || r.walker.size() > maxKept {
		r.walker.forget()
	}
	view := r.view()
	threads := r.threads.read(view)
	if len(threads) == 0 {
		return nil, fmt.Errorf("read Ruby %s in process %d: no thread was found", r.layout.name, r.process.PID)
	}
	for _, t := range threads {
		t.calls = r.walker.calls(view, t.ec)
	}
	acceptors := acceptors(threads)
	all := make([]stacks.Work, 0, len(threads))
	for _, t := range threads {
		w := stacks.Work{Kind: "thread", TID: t.tid, ID: t.at, Name: t.name, Lock: t.running}
		for _, c := range t.calls {
			w.Frames = append(w.Frames, c.Frame)
		}
		w.Wait = wait(view, r.names, t, threads)
		w.Pool, w.Idle = server(w.Frames, w.Wait)
		w.Script, w.Idle = course(w.Frames), w.Idle || fetches(w.Frames)
		w.Pool = w.Pool || converses(view, r.names, t, acceptors)
		if name := exhausted(w.Frames); name != "" && w.Wait.On == "condition" {
			w.Wait.On, w.Wait.Name = "pool", name
		}
		if w.Pool && !w.Idle {
			w.Request = request(view, r.names, t.calls)
		}
		all = append(all, w)
	}
	return all, nil
}
