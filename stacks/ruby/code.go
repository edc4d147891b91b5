package ruby

import "strings"

// code is a method's or a block's: what stays the same while it is loaded.
type code struct {
	label, file string
	library     bool
	encoded     uint64
	size        uint32
	// Its lines.
	insns, positions, index uint64
	entries                 uint32
	// Its local variables: how many, where their names are, and these once they were asked for.
	variables  uint32
	localTable uint64
	locals     []string
	named      bool // its label has the class's name
}

// readCode reads what code is in a frame; nil: none is.
func readCode(view memory, iseq uint64) *code {
	head := view.Block(iseq, codeSize)
	if flags := head.Word(0); flags&0x1f != typeIMemo || kindOf(flags) != kindCode {
		return nil // a function in C that stands for a block
	}
	l := view.layout.body
	b := view.Block(head.Word(codeBody), bodyEnd)
	if b == nil {
		return nil
	}
	c := &code{
		label: text(view, b.Word(bodyLabel)), encoded: b.Word(bodyEncoded), size: b.Uint32(bodySize),
		insns: b.Word(l.insns), positions: b.Word(l.positions), index: b.Word(l.index), entries: b.Uint32(l.size),
		localTable: b.Word(l.localTable), variables: b.Uint32(l.localSize),
	}
	path := b.Word(bodyPath) // a String, or an Array of the path and the real path
	if real := element(view, path, 1); real != 0 {
		c.file = text(view, real)
	}
	if c.file == "" {
		c.file = text(view, element(view, path, 0))
	}
	if c.file == "" {
		c.file = text(view, path)
	}
	if c.label == "" && c.file == "" {
		return nil
	}
	c.library = library(c.file)
	return c
}

// library says that a file is of Ruby's own library or of an installed gem.
func library(file string) bool {
	for _, prefix := range []string{"/usr/lib/ruby/", "/usr/share/rubygems-integration/", "/usr/share/ruby", "<internal:"} {
		if strings.HasPrefix(file, prefix) {
			return true
		}
	}
	return strings.Contains(file, "/gems/") || strings.Contains(file, "/rubygems-integration/") ||
		strings.Contains(file, "/lib/ruby/")
}
