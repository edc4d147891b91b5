package node

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A function is what is kept of one. Its frame has the line where it begins.
type function struct {
	stacks.Frame
	table
	script uint64
}

// functions are those that were seen on the stack.
type functions struct {
	*heap
	sources *sources
	known   map[uint64]*function
}

func newFunctions(h *heap) *functions {
	all := &functions{heap: h, sources: &sources{heap: h}}
	all.forget()
	return all
}

func (all *functions) forget() {
	all.known, all.sources.scripts = map[uint64]*function{}, map[uint64]*script{}
}

// size is how much is kept.
func (all *functions) size() int { return len(all.known) + len(all.sources.scripts) }

// function tells of a JSFunction; nil: the word is none.
func (all *functions) function(word uint64) *function {
	shared := all.field(word, all.functionShared)
	if f := all.known[shared]; f != nil {
		return f
	}
	if all.typeOf(shared) != all.sharedType {
		return nil
	}
	f := &function{script: all.field(shared, all.sharedScript)}
	name, start := all.nameOf(all.field(shared, all.sharedName))
	f.Function, f.Library = name, true
	if all.typeOf(f.script) == all.scriptType {
		f.File = strings.TrimPrefix(all.text(all.field(f.script, all.scriptName)), "file://") // of a module of ECMAScript: its URL
		f.Library = library(f.File)
		if start >= 0 {
			f.Line = all.sources.line(f.script, start)
		}
	}
	if f.Function == "" {
		f.Function = "(anonymous)"
	}
	if !all.view.Spent() {
		all.known[shared] = f
	}
	return f
}

// library says that a file is Node.js's own or of an installed package.
func library(file string) bool {
	return file == "" || strings.HasPrefix(file, "node:") || isPackage(file)
}

// isPackage says that a file is of an installed package.
func isPackage(file string) bool {
	return strings.Contains(file, "/node_modules/") || strings.Contains(file, "/.yarn/")
}

// What a ScopeInfo has (scope-info.tq): flags, the number of parameters, that of variables in contexts; those; then
// what the flags say.
const (
	scopeFlags     = 8
	scopeVariables = 24
	scopeRest      = 32
	maxVariables   = 4096
	hashedFrom     = 75      // from so many variables on their names are in a table
	savedVariable  = 1 << 10 // bits of the flags
	functionName   = 3 << 12
	inferredName   = 1 << 14
)

// nameOf is the name of a function and where in its file it begins, of what a SharedFunctionInfo has for both: a
// ScopeInfo, or only a name. -1: it is not known.
func (all *functions) nameOf(word uint64) (name string, start int) {
	if all.typeOf(word) != all.scopeType {
		return all.text(word), -1
	}
	// Since V8 13 the flags are no small integer, and the places of the function's beginning and end come before all else.
	flags, places, at := all.flagsOf(word), 0, scopeRest
	if _, old := small(all.field(word, scopeFlags)); !old {
		places, at = scopeRest, scopeRest+16
	}
	count, ok := small(all.field(word, scopeVariables))
	if !ok || count < 0 || count > maxVariables {
		return "", -1
	}
	at += 8 * count // behind what is known of each variable
	if count < hashedFrom {
		at += 8 * count
	} else {
		at += 8
	}
	if flags&savedVariable != 0 {
		at += 8
	}
	if flags&functionName != 0 {
		name = all.text(all.field(word, at))
		at += 16
	}
	if flags&inferredName != 0 {
		if name == "" {
			name = all.text(all.field(word, at))
		}
		at += 8
	}
	if places == 0 {
		places = at
	}
	first, good := small(all.field(word, places))
	end, fine := small(all.field(word, places+8))
	if !good || !fine || first < 0 || end < first {
		return name, -1
	}
	return name, first
}

// flagsOf are the flags of a ScopeInfo.
func (all *functions) flagsOf(word uint64) int {
	flags := all.field(word, scopeFlags)
	if n, ok := small(flags); ok {
		return n
	}
	return int(uint32(flags))
}
