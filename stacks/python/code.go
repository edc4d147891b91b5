package python

import (
	"path"
	"slices"
	"strings"
)

const (
	maxTable  = 1 << 20 // bytes of a line table
	maxNames  = 512     // local variables of a function
	maxCodes  = 1 << 14 // kept from look to look
	codeBytes = 216     // the head of a code object, up to where its bytecode begins
)

// A code is a function's code object: what it is called and where it is written. It is kept from look to look, since
// it does not change.
type code struct {
	check    [4]uint64 // words of it: others are there where another object has taken its place
	look     int       // the look that compared them
	function string    // "Queue.get"; in 3.10 only "get"
	file     string
	place    string // file below the folder that libraries are in: "asyncio/tasks.py"
	library  bool
	// Of its local variables in the order in which frames have them; in 3.10 a variable of a closure has two places.
	names    []string
	wanted   []int // those of them that may say what the frame works on
	own      int   // place of its first argument where that is called self; -1: it has none
	first    int
	table    []byte // of lines
	handlers []byte // table of exceptions
	stack    int    // most that its stack takes
	start    uint64 // address of its bytecode
	lines    map[int]int
	said     said // what is known of the function
}

// codeAt reads a code object; nil: it is none.
func (r *Reader) codeAt(at uint64) *code {
	l := &r.layout
	c := r.codes[at]
	if c != nil && c.look == r.looks {
		return c
	}
	if r.mem.bytes(at, codeBytes) == nil {
		return nil
	}
	check := [4]uint64{r.mem.word(at + l.name), r.mem.word(at + l.file), r.mem.word(at + l.lines),
		r.mem.word(at + l.variables)}
	if c != nil && c.check == check {
		c.look = r.looks
		return c
	}
	c = &code{check: check, look: r.looks, function: r.text(check[0]), file: r.text(check[1]), own: -1, lines: map[int]int{}}
	if c.function == "" || c.file == "" {
		return nil
	}
	c.place, c.library = placeOf(c.file)
	c.first, c.stack = int(int32(r.mem.half(at+l.first))), int(min(r.mem.half(at+l.stackSize), 4096))
	c.table = r.content(check[2])
	variables := []uint64{check[3]}
	if l.version == 0x030a {
		variables = append(variables, r.mem.word(at+code310Cell), r.mem.word(at+code310Free))
	} else {
		c.start = at + l.bytecode
		c.handlers = r.content(r.mem.word(at + l.exceptions))
	}
	for _, tuple := range variables {
		for _, name := range r.items(tuple, maxNames) {
			c.names = append(c.names, r.text(name))
		}
	}
	if len(c.names) > 0 && c.names[0] == "self" {
		c.own = 0
	}
	c.said = r.finder.spots.of(c)
	for i, name := range c.names {
		if tellsRequest(name, c.place) {
			c.wanted = append(c.wanted, i)
		}
	}
	if len(r.codes) >= maxCodes {
		clear(r.codes)
	}
	r.codes[at] = c
	return c
}

// content is a copy of what a bytes object has.
func (r *Reader) content(object uint64) []byte {
	const header = 32
	size := r.mem.word(object + 16)
	if object == 0 || size == 0 || size > maxTable {
		return nil
	}
	return slices.Clone(r.mem.bytes(object+header, int(size)))
}

// line is that of an instruction, counted in code units of two bytes.
func (c *code) line(version, instruction int) int {
	if line, known := c.lines[instruction]; known {
		return line
	}
	line := c.first
	switch {
	case version == 0x030a:
		line = line310(c.table, c.first, instruction*2)
	case instruction >= 0:
		line = line311(c.table, c.first, instruction)
	}
	c.lines[instruction] = line
	return line
}

// placeOf is where a file is below the folder that libraries are installed in, and whether it is of the language or
// of an installed package.
func placeOf(file string) (place string, library bool) {
	if strings.HasPrefix(file, "<frozen ") {
		return file, true
	}
	for _, mark := range []string{"/site-packages/", "/dist-packages/"} {
		if i := strings.LastIndex(file, mark); i >= 0 {
			return file[i+len(mark):], true
		}
	}
	for _, mark := range []string{"/lib/python3", "/lib64/python3"} {
		if i := strings.Index(file, mark); i >= 0 {
			if _, rest, found := strings.Cut(file[i+len(mark):], "/"); found {
				return rest, true
			}
		}
	}
	// The few lines that begin an installed program: /usr/bin/gunicorn.
	if dir := path.Base(path.Dir(file)); dir == "bin" || dir == "sbin" {
		return path.Join(dir, path.Base(file)), true
	}
	return path.Base(file), false
}
