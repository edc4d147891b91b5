package python

import "strings"

// inTurn says whether a thread is in a turn of asyncio's loop: in what a handle of it calls. uvloop's functions have no
// frames: there it is in what stands right above the function that runs the loop.
func inTurn(frames []stackFrame) bool {
	for i, f := range frames {
		switch {
		case i == 0:
		case f.code.place == "asyncio/events.py" && method(f.code.function) == "_run":
			return true
		case f.code.place == "asyncio/runners.py" && method(f.code.function) == "run", f.code.place == "uvloop/__init__.py":
			return !strings.HasPrefix(frames[i-1].code.place, "asyncio/") && frames[i-1].code.place != "uvloop/__init__.py"
		}
	}
	return false
}
