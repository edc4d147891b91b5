package jvm

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// A method is what is kept of one.
type method struct {
	frame stacks.Frame // without a line
	class string
	name  string
	glue  bool   // the runtime made it, between the code that calls and the code that is called
	code  uint64 // address of its first bytecode
	size  int    // of its bytecodes
	lines []line
}

// A line is that of the bytecodes from an index on.
type line struct {
	bci  int
	line int
}

// maxLineTable bounds a method's table of lines, in bytes.
const maxLineTable = 1 << 13

// methods are those that were seen on a stack.
type methods struct {
	methodLayout
	version int // of Java
	view    *foreign.View
	classes *classes
	known   map[uint64]*method
}

// method tells of a method by its address; nil: there is none.
func (all *methods) method(at uint64) *method {
	if m := all.known[at]; m != nil {
		return m
	}
	if at < 4096 || at%8 != 0 {
		return nil
	}
	inner := all.view.Word(at + uint64(all.constMethod))
	constant := all.view.Block(inner, all.constMethodSize)
	pool := constant.Word(all.constants)
	if pool == 0 || inner%8 != 0 || pool%8 != 0 {
		return nil
	}
	name := all.classes.constant(pool, uint32(constant.Uint16(all.nameIndex)))
	class := all.classes.class(all.view.Word(pool + uint64(all.holder)))
	if name == "" || class.name == "" {
		return nil
	}
	m := &method{class: class.name, name: name, code: inner + uint64(all.constMethodSize),
		size: int(constant.Uint16(all.codeSize))}
	m.frame = stacks.Frame{Function: class.name + "." + name, File: class.source, Library: class.library}
	m.glue = all.isGlue(at, class.name)
	if all.constFlags >= 0 && uint32(constant.Uint16(all.constFlags))&all.hasLines != 0 {
		m.lines = all.lineTable(m.code + uint64(m.size))
	}
	if all.view.Spent() {
		return nil
	}
	all.known[at] = m
	return m
}

// isGlue says that nobody wrote the method: a lambda form of a method handle, or the class that stands for a lambda.
func (all *methods) isGlue(at uint64, class string) bool {
	if strings.Contains(class, "$$Lambda") || strings.HasPrefix(class, "java.lang.invoke.LambdaForm$") {
		return true
	}
	if all.hidden == 0 || all.methodFlags < 0 {
		return false
	}
	return uint32(all.view.Block(at+uint64(all.methodFlags), 2).Uint16(0))&all.hidden != 0
}

// lineTable decodes the table behind a method's bytecodes: each entry is one byte of five bits that the bytecode
// index and three that the line go up by, or 0xff and two numbers; 0 ends it.
func (all *methods) lineTable(at uint64) []line {
	var table []byte
	for len(table) < maxLineTable && !all.view.Spent() {
		next := at + uint64(len(table))
		part := all.view.Block(next, int(min(256, pageSize-next%pageSize)))
		if part == nil {
			break
		}
		table = append(table, part...)
		if lines, whole := decodeLines(newStream(all.version, table)); whole {
			return lines
		}
	}
	return nil
}

// decodeLines also says whether the table ended where it should.
func decodeLines(s stream) (lines []line, whole bool) {
	var now line
	for !s.over() {
		switch b := s.octet(); b {
		case 0:
			return lines, true
		case 0xff:
			now.bci += int(s.signed())
			now.line += int(s.signed())
		default:
			now.bci += int(b >> 3)
			now.line += int(b & 7)
		}
		lines = append(lines, now)
	}
	return lines, false
}

// at is the frame of the method at a bytecode.
func (m *method) at(bci int) stacks.Frame {
	f := m.frame
	best := -1
	for _, l := range m.lines { // in no order of bytecodes
		if l.bci <= bci && l.bci > best && l.line > 0 {
			best, f.Line = l.bci, l.line
		}
	}
	return f
}

// inside says whether an address is one of the method's bytecodes, and which.
func (m *method) inside(address uint64) (bci int, ok bool) {
	if address < m.code || address >= m.code+uint64(m.size) {
		return 0, false
	}
	return int(address - m.code), true
}
