package golang

import "encoding/binary"

const (
	maxStack = 32 << 10 // bytes of a stack that are read, from its innermost frame
	maxCalls = 512      // of a stack that are followed
	maxSites = 1 << 16  // that are remembered
)

// asyncPreempt is the function that the runtime puts in between two instructions of a goroutine that ran for long.
const asyncPreempt = "runtime.asyncPreempt"

// A site is an address at which code was left: the place behind a call, or where a goroutine was stopped.
type site struct {
	function  function
	positions []position // innermost first: what was inlined there
	frame     int32      // bytes from the stack pointer to what the caller pushed
	good      bool       // the tables know it
}

// A siteKey is an address, and whether it is that behind a call: such a one belongs to the line of the call, one
// instruction before.
type siteKey uint64

func keyOf(pc uint64, call bool) siteKey {
	if call {
		return siteKey(pc<<1 | 1)
	}
	return siteKey(pc << 1)
}

// An unwinder goes from the stack pointer of a goroutine that does not run to the function that it began with, by the
// sizes of frames in the program's tables as the runtime itself does. That needs no frame pointer, which functions
// without a frame and those in assembly do not keep.
type unwinder struct {
	*functions
	link  bool // arm64: the return address is at the bottom of a frame, on amd64 above its top
	sites map[siteKey]*site
}

func newUnwinder(f *functions, link bool) *unwinder {
	return &unwinder{functions: f, link: link, sites: map[siteKey]*site{}}
}

// A call is one frame on a stack.
type call struct {
	*site
	pc      uint64
	at, end int // its bytes, counted from the stack pointer that the unwinding began with
}

func (u *unwinder) site(pc uint64, call bool) *site {
	key := keyOf(pc, call)
	if s := u.sites[key]; s != nil {
		return s
	}
	s := &site{}
	f, err := u.at(pc)
	if err == nil {
		size, ok := u.frame(f, pc)
		line := pc
		if call && line > f.entry {
			line--
		}
		*s = site{function: f, positions: u.positions(f, line), frame: size, good: ok && size >= 0 && size%8 == 0}
	}
	if len(u.sites) >= maxSites {
		clear(u.sites)
	}
	u.sites[key] = s
	return s
}

// unwind follows the calls on a stack from an address, which may be that behind a call. It appends them to calls,
// innermost first, and tells whether the first call of the goroutine was reached; otherwise what is there may be of
// several moments.
func (u *unwinder) unwind(calls []call, pc uint64, isCall bool, stack []byte) ([]call, bool) {
	at := 0
	for n := range maxCalls {
		s := u.site(pc, isCall)
		if !s.good || n > 0 && s.function.flags&flagWriteSP != 0 {
			return calls, false
		}
		if s.function.flags&flagTop != 0 {
			return calls, true
		}
		back, end := at+int(s.frame), at+int(s.frame)+8
		if u.link {
			back, end = at, at+int(s.frame)
		}
		if back+8 > len(stack) || end <= at {
			return calls, false
		}
		calls = append(calls, call{site: s, pc: pc, at: at, end: end})
		pc = binary.LittleEndian.Uint64(stack[back:])
		at = end
		isCall = s.function.name != asyncPreempt && s.function.name != "runtime.sigpanic"
	}
	return calls, false
}
