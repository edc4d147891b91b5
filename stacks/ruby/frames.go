package ruby

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// Bounds of the frames of one thread: the innermost ones and the outermost, which tell whose thread it is.
const (
	maxFrames = 160
	maxOuter  = 40
)

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

// A call is a frame, and what else is needed of it.
type call struct {
	stacks.Frame
	self uint64
	env  uint64
	code *code // nil: a function in C
}

// calls are the frames of an execution context, innermost first.
func (r *reader) calls(view *foreign.View, ec uint64) []call {
	b := view.Block(ec, ecSize)
	stack, size, frame := b.Word(ecStack), b.Word(ecStackSize), b.Word(ecFrame)
	step := uint64(r.layout.frame)
	if stack == 0 || size == 0 || size > 1<<28 || frame < stack || frame >= stack+8*size {
		return nil
	}
	n := (stack + 8*size - frame) / step
	all := r.part(view, nil, frame, min(n, maxFrames))
	if n > maxFrames {
		outer := min(n-maxFrames, maxOuter)
		all = r.part(view, all, frame+(n-outer)*step, outer)
	}
	// It stands for the program before it begins.
	if last := len(all) - 1; last >= 0 && all[last].code != nil && all[last].Line == 0 {
		all = all[:last]
	}
	return all
}

// part reads some frames at once: they lie behind each other. Most of their environments lie on the same stack, not far
// from each other, and are read at once too.
func (r *reader) part(view *foreign.View, all []call, at, n uint64) []call {
	b := view.Block(at, int(n)*r.layout.frame)
	low, high := ^uint64(0), uint64(0)
	for i := 0; i < len(b); i += r.layout.frame {
		// Else it was moved away, for a closure that outlives its method.
		if env := b[i:].Word(frameEnv); env < at && env+maxValues > at {
			low, high = min(low, env), max(high, env)
		}
	}
	values := span{at: low + envAt}
	if high >= low && high-low < maxValues {
		values.Block = view.Block(values.at, int(high-low)+envSize)
	}
	for i := 0; i < len(b) && !view.Spent(); i += r.layout.frame {
		if c, ok := r.call(view, b[i:], values); ok {
			all = append(all, c)
		}
	}
	return all
}

// maxValues bounds how far the environments of some frames may lie apart to be read at once.
const maxValues = 64 << 10

// A span is some memory that was read already.
type span struct {
	foreign.Block
	at uint64
}

// environment is the three words that end at ep: the method's entry, the outer environment and the flags.
func (s span) environment(view *foreign.View, env uint64) foreign.Block {
	if at := env + envAt; at >= s.at && at-s.at+envSize <= uint64(len(s.Block)) {
		return s.Block[at-s.at:][:envSize]
	}
	return view.Block(env+envAt, envSize)
}

// call tells one frame; nothing for those that Ruby puts in for its own sake.
func (r *reader) call(view *foreign.View, b foreign.Block, values span) (call, bool) {
	c := call{self: b.Word(frameSelf), env: b.Word(frameEnv)}
	iseq, pc := b.Word(frameCode), b.Word(framePC)
	if iseq == 0 {
		env := values.environment(view, c.env)
		if env.Word(envFlags)&frameMagic != frameCFunc {
			return c, false
		}
		c.Function, c.Library = r.method(view, env.Word(envMethod), c.self), true
		return c, c.Function != ""
	}
	c.code = r.code(view, iseq)
	if c.code == nil || pc == 0 {
		return c, false
	}
	if !c.code.named {
		r.qualify(view, c.code, values, c.env, c.self)
	}
	line, known := r.lines[place{iseq, pc}]
	if !known {
		line = r.line(view, c.code, pc)
		if !view.Spent() {
			r.lines[place{iseq, pc}] = line
		}
	}
	c.Function, c.File, c.Line, c.Library = c.code.label, c.code.file, line, c.code.library
	return c, true
}

// code reads what code is in a frame; nil: none is.
func (r *reader) code(view *foreign.View, iseq uint64) *code {
	if c, known := r.codes[iseq]; known {
		return c
	}
	head := view.Block(iseq, codeSize)
	if flags := head.Word(0); flags&0x1f != typeIMemo || kindOf(flags) != kindCode {
		return nil // a function in C that stands for a block
	}
	l := r.layout.code
	b := view.Block(head.Word(codeBody), bodyEnd)
	if b == nil {
		return nil
	}
	c := &code{
		label: r.text(view, b.Word(bodyLabel)), encoded: b.Word(bodyEncoded), size: b.Uint32(bodySize),
		insns: b.Word(l.insns), positions: b.Word(l.positions), index: b.Word(l.index), entries: b.Uint32(l.size),
		localTable: b.Word(l.localTable), variables: b.Uint32(l.localSize),
	}
	path := b.Word(bodyPath) // a String, or an Array of the path and the real path
	if real := element(view, path, 1); real != 0 {
		c.file = r.text(view, real)
	}
	if c.file == "" {
		c.file = r.text(view, element(view, path, 0))
	}
	if c.file == "" {
		c.file = r.text(view, path)
	}
	if c.label == "" && c.file == "" {
		return nil
	}
	c.library = library(c.file)
	if !view.Spent() {
		r.codes[iseq] = c
	}
	return c
}

// Values of the flags at ep, and how many blocks may be nested in a method.
const (
	envLocal  = 2 // VM_ENV_FLAG_LOCAL: it is the method's own
	maxNested = 16

	kindCref = 1 // imemo_cref: no method's, but a file's or a class's
	kindSvar = 2 // imemo_svar: leads to either
	svarNext = 8
)

// qualify puts the class before the method's name in a label: "block in pay" becomes "block in Cart#pay".
func (r *reader) qualify(view *foreign.View, c *code, values span, env, self uint64) {
	var entry uint64
	for range maxNested {
		b := values.environment(view, env)
		if b == nil {
			return
		}
		if b.Word(envFlags)&envLocal != 0 {
			entry = b.Word(envMethod)
			break
		}
		env = b.Word(envOuter) &^ 3
	}
	flags, kind := object(view, entry)
	if kind == typeIMemo && kindOf(flags) == kindSvar {
		entry = view.Word(entry + svarNext)
		flags, kind = object(view, entry)
	}
	if kind != typeIMemo {
		return
	}
	if kindOf(flags) == kindCref {
		c.named = true
		return
	}
	full := r.method(view, entry, self)
	i := strings.LastIndexAny(full, "#.")
	if i < 0 || view.Spent() {
		return
	}
	if name := full[i+1:]; strings.HasSuffix(c.label, name) && !strings.HasSuffix(c.label, full) {
		c.label = strings.TrimSuffix(c.label, name) + full
	}
	c.named = true
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
