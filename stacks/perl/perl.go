// Package perl reads what a process of Perl does: a worker of starman or hypnotoad, a server that forks, a program. It
// follows Perl's own list of calls from the outside; of what a call does inside a library written in C it knows the line
// of Perl that called it. Only what the process's first interpreter does is read, and no thread of Perl's (ithreads) beside it.
package perl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// Bounds of one look: some 120 calls take 1,500 reads, which is below 3 ms.
const (
	maxReads = 4000
	maxBytes = 1 << 20
)

type reader struct {
	pid     int
	memory  func(uint64, []byte) error
	layout  layout
	at      variables
	names   map[int]string // of operations that were asked for: they never change
	opNames uint64
}

// variables are the addresses of what the interpreter knows of itself. A build without threads has each as a variable of
// the program's own, one with them has all in one structure.
type variables struct {
	op, statement, calls uint64
	// Where the statement lies that stands for code which is being compiled, and has none of its own yet (PL_compiling).
	first, last uint64
}

// Open finds Perl in a process: in the program, or in libperl where another one has loaded it.
func Open(p stacks.Process) (stacks.Reader, error) {
	return symbols.Find(p, "Perl", func(name string) bool { return strings.Contains(name, "perl") },
		func(object *symbols.Object) (stacks.Reader, error) { return open(p, object) })
}

// open finds Perl in one file of a process; neither a reader nor an error: it is not Perl's engine.
func open(p stacks.Process, object *symbols.Object) (stacks.Reader, error) {
	at := object.Addresses("PL_curinterp", "PL_interp_size", "PL_op_name", "PL_op", "PL_curcop", "PL_curstackinfo",
		"PL_compiling", "PL_patchlevel")
	if at["PL_op_name"] == 0 || at["PL_curinterp"] == 0 && at["PL_curcop"] == 0 {
		return nil, nil
	}
	r := &reader{pid: p.PID, memory: p.Memory, opNames: at["PL_op_name"], names: map[int]string{}}
	view := r.view()
	if at["PL_curcop"] != 0 {
		r.at = variables{op: at["PL_op"], statement: at["PL_curcop"], calls: at["PL_curstackinfo"],
			first: at["PL_compiling"], last: at["PL_compiling"] + statementSize}
		if r.at.op == 0 || r.at.calls == 0 || at["PL_patchlevel"] == 0 {
			return nil, errors.New("it has not all of Perl's variables")
		}
		return r.of(versionAt(view, view.Word(at["PL_patchlevel"])), false)
	}
	interpreter := view.Word(at["PL_curinterp"])
	size := view.Block(at["PL_interp_size"], 2).Uint16(0)
	if interpreter == 0 || size == 0 {
		return nil, errors.New("it has no interpreter yet")
	}
	r.at = variables{op: interpreter + interpreterOp, first: interpreter, last: interpreter + uint64(size)}
	return r.of(findVersion(view, interpreter, int(size)), true)
}

// of completes a reader by the version of Perl, and holds what it says against what is there.
func (r *reader) of(version string, threads bool) (stacks.Reader, error) {
	if version == "" {
		return nil, errors.New("its version cannot be found")
	}
	l, known := layouts(version)
	if !known {
		return nil, fmt.Errorf("its version %s is none of those that are known: 5.32, 5.34, 5.36, 5.38 and 5.40", version)
	}
	l.threads = threads
	r.layout = l
	if threads {
		r.at.statement, r.at.calls = r.at.first+uint64(l.current), r.at.first+uint64(l.calls)
	}
	for range 3 { // it goes on meanwhile
		if r.sound(r.view()) {
			return r, nil
		}
	}
	return nil, fmt.Errorf("it was built with other options than Perl %s mostly is: its list of calls is not where it is then", version)
}

func (r *reader) view() *foreign.View {
	return &foreign.View{Memory: r.memory, Reads: maxReads, Bytes: maxBytes}
}

func (r *reader) Language() string { return "perl" }

// Look tells the one thing that the process does.
func (r *reader) Look() ([]stacks.Work, error) {
	view := r.view()
	if view.Word(r.at.calls) == 0 {
		return nil, fmt.Errorf("read Perl in process %d: its list of calls is not there", r.pid)
	}
	calls, operation := r.calls(view), r.operation(view)
	frames := framesOf(calls)
	work := stacks.Work{Kind: "thread", TID: r.pid, ID: uint64(r.pid)}
	if atRest(frames) && loops(frames) {
		work.Idle = true // what it waits for the kernel knows
		return []stacks.Work{work}, nil
	}
	if waits(operation) {
		frames = append([]stacks.Frame{{Function: operation, Library: true}}, frames...)
	}
	work.Frames, work.Wait = frames, wait(operation)
	work.Request = request(view, r.layout, calls)
	work.Pool, work.Turn = serves(frames), loops(frames)
	work.Script = course(frames)
	work.Idle = work.Request == stacks.Request{} && (atRest(frames) || operation == "accept")
	return []stacks.Work{work}, nil
}
