// Package php reads what a process of PHP does: php-fpm, Apache with mod_php, and the command line. It follows PHP's
// own list of calls from the outside; of what those calls do inside a library written in C it knows the function's name
// only. Versions 8.0 to 8.4, without threads (NTS), which is how distributions build PHP.
package php

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// Bounds of one look: some 120 calls take 700 reads, which is below 2 ms.
const (
	maxReads = 3000
	maxBytes = 1 << 20
)

type reader struct {
	pid    int
	memory func(uint64, []byte) error
	layout layout
	// Addresses of PHP's variables.
	executor, sapi uint64
	server         server
}

// Open finds PHP in a process. It looks into the program, and into libphp where a web server has loaded it.
func Open(p stacks.Process) (stacks.Reader, error) {
	return symbols.Find(p, "PHP", func(name string) bool { return strings.Contains(name, "php") },
		func(object *symbols.Object) (stacks.Reader, error) { return open(p, object) })
}

// open finds PHP in one file of a process; neither a reader nor an error: it is none of PHP's engine (an extension is
// no engine).
func open(p stacks.Process, object *symbols.Object) (stacks.Reader, error) {
	at := object.Addresses("executor_globals", "sapi_globals", "sapi_module", "module_registry")
	if at["module_registry"] == 0 || at["sapi_module"] == 0 {
		return nil, nil
	}
	r := &reader{pid: p.PID, memory: p.Memory, executor: at["executor_globals"], sapi: at["sapi_globals"]}
	view := r.view()
	var err error
	if r.layout, err = version(view, at["module_registry"]); err != nil {
		return nil, err
	}
	if r.executor == 0 || r.sapi == 0 { // a build with threads has no such variables
		return nil, errors.New("it has no executor_globals")
	}
	r.server = server(view.CString(view.Word(at["sapi_module"]), maxName)) // sapi_module.name
	return r, nil
}

func (r *reader) view() *foreign.View {
	return &foreign.View{Memory: r.memory, Reads: maxReads, Bytes: maxBytes}
}

// version asks the first of PHP's modules, its core, what interface it was built for.
func version(view *foreign.View, registry uint64) (layout, error) {
	table := view.Block(registry, tableSize)
	if table.Uint32(tableUsed) == 0 {
		return layout{}, fmt.Errorf("it has no modules yet")
	}
	module := view.Block(view.Word(table.Word(tableBuckets)), moduleSize)
	if module == nil {
		return layout{}, fmt.Errorf("its modules cannot be read")
	}
	api := module.Uint32(moduleAPI)
	l, known := layouts(api)
	if !known {
		return layout{}, fmt.Errorf("interface %d is none of those of PHP 8.0 to 8.4", api)
	}
	if module.Byte(moduleZTS) != 0 || module.Byte(moduleDebug) != 0 {
		return layout{}, fmt.Errorf("PHP %s is built with threads or for debugging", l.name)
	}
	return l, nil
}

func (r *reader) Language() string { return "php" }

// Look tells the one thing that the process does; nothing where PHP has no part in what it does: Apache serves files,
// or waits, without it.
func (r *reader) Look() ([]stacks.Work, error) {
	view := r.view()
	sapi := view.Block(r.sapi, sapiSize)
	if sapi == nil {
		return nil, fmt.Errorf("read PHP in process %d: its sapi_globals are not there", r.pid)
	}
	work := stacks.Work{Kind: "thread", TID: r.pid, ID: uint64(r.pid), Pool: r.server.pool()}
	if sapi.Byte(sapiStarted) == 0 {
		if !r.server.fastCGI() || receives(view, sapi) {
			return nil, nil
		}
		work.Idle = true
		return []stacks.Work{work}, nil
	}
	work.Frames = frames(view, r.layout, view.Word(r.executor+uint64(r.layout.current)))
	work.Wait = wait(work.Frames)
	work.Script, work.Idle = course(r.server, work.Frames), fetches(r.server, work.Frames)
	work.Request = request(view, r.server, sapi)
	return []stacks.Work{work}, nil
}
