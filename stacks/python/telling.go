package python

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// tell gives frames their names.
func (u *unwinder) tell(frames []stackFrame) []stacks.Frame {
	out := make([]stacks.Frame, 0, len(frames))
	for i, f := range frames {
		if i > 0 && traces(frames[i-1].code) && f.instruction > 0 {
			f.instruction--
		}
		out = append(out, u.tellOne(f))
	}
	return out
}

// traces says whether a frame is the function of a debugger that the interpreter calls before each line
// (sys.settrace). What it has interrupted stands before a line that has not run yet; where it came to its breakpoint
// is the line before.
func traces(c *codeObject) bool {
	return strings.HasSuffix(c.function, "trace_dispatch") && strings.HasSuffix(c.file, "/bdb.py")
}

func (u *unwinder) tellOne(f stackFrame) stacks.Frame {
	c := f.code
	function := c.function
	if u.layout.version == 0x030a && c.own == 0 { // it keeps no qualified names
		if own := u.objects.typeOf(u.own(f)).name; own != "" {
			function = own + "." + function
		}
	}
	line := c.line(u.layout.version, f.instruction)
	return stacks.Frame{Function: function, File: c.file, Line: line, Library: c.library}
}
