package python

import (
	"path"
	"strings"
)

// maxTable bounds the bytes of a line table.
const maxTable = 1 << 20

// A codeObject is that of a function: what it is called and where it is written. It is kept from look to look, since
// it does not change.
type codeObject struct {
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
	lineless bool   // its lines are counted in no file: it was compiled again of its own text
	table    []byte // of lines
	handlers []byte // table of exceptions
	stack    int    // most that its stack takes
	start    uint64 // address of its bytecode
	lines    map[int]int
	said     said // what is known of the function
}

// line is that of an instruction, counted in code units of two bytes.
func (c *codeObject) line(version, instruction int) int {
	if line, known := c.lines[instruction]; known {
		return line
	}
	line := c.first
	switch {
	case c.lineless:
		line = 0
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
	if isGenerated(file) {
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

// asText is the file of code that was given as text: to exec, or to python -c.
const asText = "<string>"

// isGenerated says whether code was compiled of what no file has: "<frozen runpy>", "<attrs generated init shop.Order>".
// What a person types, or feeds to the interpreter, is the application's.
func isGenerated(file string) bool {
	if !strings.HasPrefix(file, "<") || !strings.HasSuffix(file, ">") {
		return false
	}
	return file != asText && file != "<stdin>" && file != "<console>" && !strings.HasPrefix(file, "<ipython-input")
}

// isBare says whether a file's name is none: Sanic compiles some of its functions again, with their own names in its place.
func isBare(file string) bool { return !strings.ContainsAny(file, "/.<") }
