package node

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A function is what is kept of one. Its frame has the line where it begins.
type function struct {
	stacks.Frame
	script uint64
	places []place // of the bytecodes of bytes
	bytes  uint64
}

// function tells of a JSFunction; nil: the word is none.
func (e *engine) function(word uint64) *function {
	shared := e.field(word, e.functionShared)
	if f := e.functions[shared]; f != nil {
		return f
	}
	if e.typeOf(shared) != e.sharedType {
		return nil
	}
	f := &function{script: e.field(shared, e.sharedScript)}
	name, start := e.nameOf(e.field(shared, e.sharedName))
	f.Function, f.Library = name, true
	if e.typeOf(f.script) == e.scriptType {
		f.File = strings.TrimPrefix(e.text(e.field(f.script, e.scriptName)), "file://") // of a module of ECMAScript: its URL
		f.Library = library(f.File)
		if start >= 0 {
			f.Line = e.line(f.script, start)
		}
	}
	if f.Function == "" {
		f.Function = "(anonymous)"
	}
	if !e.view.Spent() {
		e.functions[shared] = f
	}
	return f
}

// library says that a file is Node.js's own or of an installed package.
func library(file string) bool {
	return file == "" || strings.HasPrefix(file, "node:") || strings.Contains(file, "/node_modules/") ||
		strings.Contains(file, "/.yarn/")
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
func (e *engine) nameOf(word uint64) (name string, start int) {
	if e.typeOf(word) != e.scopeType {
		return e.text(word), -1
	}
	flags, _ := small(e.field(word, scopeFlags))
	count, ok := small(e.field(word, scopeVariables))
	if !ok || count < 0 || count > maxVariables {
		return "", -1
	}
	at := scopeRest + 8*count // behind what is known of each variable
	if count < hashedFrom {
		at += 8 * count
	} else {
		at += 8
	}
	if flags&savedVariable != 0 {
		at += 8
	}
	if flags&functionName != 0 {
		name = e.text(e.field(word, at))
		at += 16
	}
	if flags&inferredName != 0 {
		if name == "" {
			name = e.text(e.field(word, at))
		}
		at += 8
	}
	first, good := small(e.field(word, at))
	end, fine := small(e.field(word, at+8))
	if !good || !fine || first < 0 || end < first {
		return name, -1
	}
	return name, first
}
