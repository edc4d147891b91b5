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

// A call is a frame, and what else is needed of it.
type call struct {
	stacks.Frame
	self uint64
	env  uint64
	code *code // nil: a function in C
}

// A walker follows the frames of threads. What it knows of code it keeps from one look to the next.
type walker struct {
	names *names
	codes map[uint64]*code
	lines map[place]int
}

// A place is an instruction in a piece of code.
type place struct{ iseq, pc uint64 }

func newWalker(n *names) *walker {
	w := &walker{names: n}
	w.forget()
	return w
}

func (w *walker) forget() {
	w.codes, w.lines = map[uint64]*code{}, map[place]int{}
	w.names.forget()
}

// size is how much is kept.
func (w *walker) size() int { return len(w.codes) + len(w.lines) + w.names.size() }

// calls are the frames of an execution context, innermost first.
func (w *walker) calls(view memory, ec uint64) []call {
	b := view.Block(ec, ecSize)
	stack, size, frame := b.Word(ecStack), b.Word(ecStackSize), b.Word(ecFrame)
	step := uint64(view.layout.frame)
	if stack == 0 || size == 0 || size > 1<<28 || frame < stack || frame >= stack+8*size {
		return nil
	}
	n := (stack + 8*size - frame) / step
	all := w.part(view, nil, frame, min(n, maxFrames))
	if n > maxFrames {
		outer := min(n-maxFrames, maxOuter)
		all = w.part(view, all, frame+(n-outer)*step, outer)
	}
	// It stands for the program before it begins.
	if last := len(all) - 1; last >= 0 && all[last].code != nil && all[last].Line == 0 {
		all = all[:last]
	}
	return all
}

// part reads some frames at once: they lie behind each other. Most of their environments lie on the same stack, not far
// from each other, and are read at once too.
func (w *walker) part(view memory, all []call, at, n uint64) []call {
	b := view.Block(at, int(n)*view.layout.frame)
	low, high := ^uint64(0), uint64(0)
	for i := 0; i < len(b); i += view.layout.frame {
		// Else it was moved away, for a closure that outlives its method.
		if env := b[i:].Word(frameEnv); env < at && env+maxValues > at {
			low, high = min(low, env), max(high, env)
		}
	}
	values := span{at: low + envAt}
	if high >= low && high-low < maxValues {
		values.Block = view.Block(values.at, int(high-low)+envSize)
	}
	for i := 0; i < len(b) && !view.Spent(); i += view.layout.frame {
		if c, ok := w.call(view, b[i:], values); ok {
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
func (s span) environment(view memory, env uint64) foreign.Block {
	if at := env + envAt; at >= s.at && at-s.at+envSize <= uint64(len(s.Block)) {
		return s.Block[at-s.at:][:envSize]
	}
	return view.Block(env+envAt, envSize)
}

// call tells one frame; nothing for those that Ruby puts in for its own sake.
func (w *walker) call(view memory, b foreign.Block, values span) (call, bool) {
	c := call{self: b.Word(frameSelf), env: b.Word(frameEnv)}
	iseq, pc := b.Word(frameCode), b.Word(framePC)
	if iseq == 0 {
		env := values.environment(view, c.env)
		if env.Word(envFlags)&frameMagic != frameCFunc {
			return c, false
		}
		c.Function, c.Library = w.names.method(view, env.Word(envMethod), c.self), true
		return c, c.Function != ""
	}
	c.code = w.code(view, iseq)
	if c.code == nil || pc == 0 {
		return c, false
	}
	if !c.code.named {
		w.qualify(view, c.code, values, c.env, c.self)
	}
	line, known := w.lines[place{iseq, pc}]
	if !known {
		line = lineOf(view, c.code, pc)
		if !view.Spent() {
			w.lines[place{iseq, pc}] = line
		}
	}
	c.Function, c.File, c.Line, c.Library = c.code.label, c.code.file, line, c.code.library
	return c, true
}

// code is what code is in a frame; nil: none is.
func (w *walker) code(view memory, iseq uint64) *code {
	if c, known := w.codes[iseq]; known {
		return c
	}
	c := readCode(view, iseq)
	if c != nil && !view.Spent() {
		w.codes[iseq] = c
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
func (w *walker) qualify(view memory, c *code, values span, env, self uint64) {
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
	full := w.names.method(view, entry, self)
	i := strings.LastIndexAny(full, "#.")
	if i < 0 || view.Spent() {
		return
	}
	if name := full[i+1:]; strings.HasSuffix(c.label, name) && !strings.HasSuffix(c.label, full) {
		c.label = strings.TrimSuffix(c.label, name) + full
	}
	c.named = true
}

// isNative says that a frame is of Ruby's own functions: in C, or in Ruby but built in.
func (c *call) isNative() bool { return c.code == nil || isNative(c.Frame) }

func isNative(f stacks.Frame) bool { return f.File == "" || strings.HasPrefix(f.File, "<internal:") }
