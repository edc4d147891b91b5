package python

const (
	maxNames  = 512     // local variables of a function
	maxCodes  = 1 << 14 // kept from look to look
	codeBytes = 216     // the head of a code object, up to where its bytecode begins
)

// A codeReader reads code objects, and keeps them from look to look.
type codeReader struct {
	mem     *snapshot
	layout  *layout
	objects *objectReader
	modules *moduleReader
	spots   *spotTable
	own     *applicationReader
	known   map[uint64]*codeObject
	looks   int
}

func newCodeReader(o *objectReader, m *moduleReader, own *applicationReader, all *spotTable) *codeReader {
	return &codeReader{own: own, mem: o.mem, layout: o.layout, objects: o, modules: m, spots: all, known: map[uint64]*codeObject{}}
}

// fromCommandLine says whether the program was given as text, as to python -c, and so has no file.
func (cs *codeReader) fromCommandLine() bool {
	return cs.modules.moduleDict("__main__") != 0 && cs.modules.global("__main__", "__file__") == 0
}

// begin begins a look: what is known is compared once in each.
func (cs *codeReader) begin() { cs.looks++ }

// interpreted is called when the interpreters of the look are known, and with them the modules.
func (cs *codeReader) interpreted() {
	if cs.own.begin() {
		clear(cs.known) // whether it is a library's was told by other packages
	}
}

// codeAt reads a code object, which runs in the module of these globals; nil: it is none.
func (cs *codeReader) codeAt(at, globals uint64) *codeObject {
	c := cs.known[at]
	if c != nil && c.look == cs.looks {
		return c
	}
	if cs.mem.bytes(at, codeBytes) == nil {
		return nil
	}
	l := &cs.layout.code
	check := [4]uint64{cs.mem.word(at + l.name), cs.mem.word(at + l.file), cs.mem.word(at + l.lines),
		cs.mem.word(at + l.variables)}
	if c != nil && c.check == check {
		c.look = cs.looks
		return c
	}
	c = &codeObject{check: check, look: cs.looks, function: cs.objects.text(check[0]), file: cs.objects.text(check[1]),
		own: -1, lines: map[int]int{}}
	if c.function == "" || c.file == "" {
		return nil
	}
	if isBare(c.file) {
		c.file, c.lineless = cs.objects.text(cs.objects.lookup(globals, "__file__")), true
	}
	c.place, c.library = placeOf(c.file)
	c.library = c.library && !cs.own.owns(c.place) || c.file == "" || c.file == asText && !cs.fromCommandLine()
	c.first, c.stack = int(int32(cs.mem.half(at+l.first))), int(min(cs.mem.half(at+l.stackSize), 4096))
	c.table = cs.objects.content(check[2], maxTable)
	variables := []uint64{check[3]}
	if cs.layout.version == 0x030a {
		variables = append(variables, cs.mem.word(at+code310Cell), cs.mem.word(at+code310Free))
	} else {
		c.start = at + l.bytecode
		c.handlers = cs.objects.content(cs.mem.word(at+l.exceptions), maxTable)
	}
	for _, tuple := range variables {
		for _, name := range cs.objects.items(tuple, maxNames) {
			c.names = append(c.names, cs.objects.text(name))
		}
	}
	if len(c.names) > 0 && c.names[0] == "self" {
		c.own = 0
	}
	if c.library {
		c.said = cs.spots.of(spot{c.place, c.function})
	}
	for i, name := range c.names {
		if tellsRequest(name, c.place) {
			c.wanted = append(c.wanted, i)
		}
	}
	if len(cs.known) >= maxCodes {
		clear(cs.known)
	}
	cs.known[at] = c
	return c
}
