package perl

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// Bounds of the calls of one look: the innermost ones, and the outermost, which tell whose they are. Blocks and loops
// count too where Perl's lists are read.
const (
	maxFrames = 120
	maxOuter  = 30
	maxInner  = 400
	maxFirst  = 100
	maxLists  = 40
	maxNames  = 500 // kept names of operations
)

// A call is one that is not over.
type call struct {
	function  string
	code      uint64 // 0: a file's own, or a text's that eval was given
	depth     int    // which of the function's calls within each other, from 1
	statement uint64 // at which it is
	file      string
	line      int
}

// calls are those of the interpreter, innermost first, down to the program itself.
func (r *reader) calls(view *foreign.View) []call {
	all := r.unnamed(view)
	if len(all) > maxFrames+maxOuter {
		all = slices.Delete(all, maxFrames, len(all)-maxOuter)
	}
	functions, places := map[uint64]string{}, map[uint64]call{}
	for i := range all {
		c := &all[i]
		if c.code != 0 {
			name, known := functions[c.code]
			if !known {
				name = cmp.Or(functionName(view, r.layout, c.code), "sub")
				functions[c.code] = name
			}
			c.function = name
		}
		at, known := places[c.statement]
		if !known {
			at.file, at.line = r.place(view, c.statement)
			places[c.statement] = at
		}
		c.file, c.line = at.file, at.line
	}
	return slices.DeleteFunc(all, func(c call) bool { return c.file == "" })
}

// unnamed are the calls with what is read at once.
func (r *reader) unnamed(view *foreign.View) (all []call) {
	statement, list := view.Word(r.at.statement), view.Word(r.at.calls)
	for range maxLists {
		head := view.Block(list, listSize)
		last, most := int32(head.Uint32(listLast)), int32(head.Uint32(listMost))
		if head == nil || last < -1 || last > most || most > maxCalls {
			return all
		}
		inner, outer := contexts(view, head.Word(listCalls), int(last))
		for i, part := range [][]foreign.Block{inner, outer} {
			if i == 1 && len(part) > 0 {
				statement = 0 // at which the first of them is, one says that was not read
			}
			for _, b := range part {
				c, is := r.call(b)
				if !is {
					continue
				}
				if statement != 0 {
					c.statement = statement
					all = append(all, c)
				}
				statement = b.Word(callStatement)
			}
		}
		if list = head.Word(listOuter); list == 0 {
			return append(all, call{function: "{main}", statement: statement})
		}
	}
	return all
}

// sound says whether there is a statement, and a list of calls that has an end.
func (r *reader) sound(view *foreign.View) bool {
	statement := view.Word(r.at.statement)
	list := view.Word(r.at.calls)
	for range 1000 { // as deep as no program calls C that calls Perl
		head := view.Block(list, listSize)
		last, most := int32(head.Uint32(listLast)), int32(head.Uint32(listMost))
		if head == nil || last < -1 || last > most || most <= 0 || most > maxCalls || head.Word(listCalls)%8 != 0 {
			return false
		}
		if list = head.Word(listOuter); list == 0 {
			return r.isStatement(view, statement, view.Block(statement, statementSize))
		}
	}
	return false
}

// contexts are the innermost of a list's calls, blocks and loops, innermost first, and where these are many the outermost.
func contexts(view *foreign.View, first uint64, last int) (inner, outer []foreign.Block) {
	read := func(from, n int) (all []foreign.Block) {
		b := view.Block(first+uint64(from)*callSize, n*callSize)
		for i := len(b) - callSize; i >= 0; i -= callSize {
			all = append(all, b[i:i+callSize])
		}
		return all
	}
	n := min(last+1, maxInner)
	inner = read(last+1-n, n)
	if rest := last + 1 - n; rest > 0 {
		outer = read(0, min(rest, maxFirst))
	}
	return inner, outer
}

// call tells what a context is; false: a block or a loop, which belongs to the function that it is in.
func (r *reader) call(b foreign.Block) (call, bool) {
	body := b[min(callBody, len(b)):]
	switch b.Byte(0) & kindMask {
	case kindSub, kindFormat:
		return call{code: body.Word(subCode), depth: int(int32(body.Uint32(subDepth))) + 1}, true
	case kindEval:
		if body.Word(evalCode) == 0 {
			return call{}, false
		}
		if body.Word(evalFile) != 0 {
			return call{function: "require"}, true
		}
		return call{function: "eval"}, true
	}
	return call{}, false
}

// place is where a statement stands; empty where it is none.
func (r *reader) place(view *foreign.View, statement uint64) (file string, line int) {
	b := view.Block(statement, statementSize)
	if !r.isStatement(view, statement, b) {
		return "", 0
	}
	at := b.Word(statementFile)
	if r.layout.threads {
		file = view.CString(at, maxPath)
	} else if glob := valueAt(view, at); glob.kind() == kindGlob {
		file = strings.TrimPrefix(key(view, view.Word(glob.body+globName)), "_<")
	}
	if n := b.Uint32(statementLine); n <= maxLine && file != "" {
		line = int(n)
	}
	return file, line
}

// maxCalls bounds how many calls, blocks and loops Perl's list may be said to have room for.
const maxCalls = 1 << 24

// maxLine bounds a line's number: a file of more lines was not read as it is.
const maxLine = 1 << 24

// isStatement checks what an address is said to have: one of the operations that are the begin of a statement, or the
// interpreter's own stand-in for one.
func (r *reader) isStatement(view *foreign.View, address uint64, b foreign.Block) bool {
	if b == nil {
		return false
	}
	if address >= r.at.first && address < r.at.last {
		return true
	}
	switch r.name(view, int(b.Uint16(opKind)&opKindMask)) {
	case "nextstate", "dbstate":
		return true
	}
	return false
}

// operation is what is carried out: "flock", "match"; empty where that cannot be read.
func (r *reader) operation(view *foreign.View) string {
	b := view.Block(view.Word(r.at.op), opSize)
	if b == nil {
		return ""
	}
	return r.name(view, int(b.Uint16(opKind)&opKindMask))
}

// name is that of a kind of operation, by Perl's own list.
func (r *reader) name(view *foreign.View, kind int) string {
	name, known := r.names[kind]
	if !known {
		name = view.CString(view.Word(r.opNames+8*uint64(kind)), 64)
		if name != "" && len(r.names) < maxNames {
			r.names[kind] = name
		}
	}
	return name
}

func framesOf(calls []call) []stacks.Frame {
	var all []stacks.Frame
	for i, c := range calls {
		f := stacks.Frame{Function: c.function, File: c.file, Line: c.line, Library: library(c.file)}
		if c.function == "{main}" && i > 0 && isServer(c.file) {
			f.Library = true
		}
		all = append(all, f)
	}
	return all
}

// library says that a file is of Perl's own library, of an installed package, or no file.
func library(file string) bool {
	if file == "" || strings.HasPrefix(file, "(eval ") || strings.HasPrefix(file, "/loader/") {
		return true
	}
	for _, part := range []string{"/share/perl", "/lib/perl5/", "/site_perl/", "/vendor_perl/"} {
		if strings.Contains(file, part) {
			return true
		}
	}
	// Debian's own, which has the architecture's name within: "/usr/lib/x86_64-linux-gnu/perl/5.36/IO/Socket.pm".
	return (strings.HasPrefix(file, "/usr/lib/") || strings.HasPrefix(file, "/usr/local/lib/")) && strings.Contains(file, "/perl")
}

// isServer says that a program is that of a server which loads the application.
func isServer(file string) bool {
	switch path.Base(file) {
	case "starman", "hypnotoad", "morbo", "plackup":
		return true
	}
	return false
}
