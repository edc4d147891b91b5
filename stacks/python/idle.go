package python

import "strings"

// deepest is how many frames may wait on behalf of an idle spot.
const deepest = 30

// idle says whether a thread waits for its next piece of work.
func (u *unwinder) idle(frames []stackFrame) bool {
	for i, f := range frames[:min(len(frames), deepest)] {
		if !f.code.library {
			return false
		}
		for _, one := range f.code.said.idle {
			if i == 0 && runsCompiled(one.spot) {
				continue
			}
			if u.runs(f, one.spot) && onlyWaits(frames[:i], one.through) {
				return true
			}
		}
	}
	return false
}

// onlyWaits says whether frames are only those that wait for somebody.
func onlyWaits(frames []stackFrame, through []string) bool {
	for _, f := range frames {
		found := false
		for _, file := range waiters() {
			found = found || f.code.place == file
		}
		for _, prefix := range through {
			found = found || strings.HasPrefix(f.code.place, prefix)
		}
		if !found {
			return false
		}
	}
	return true
}

// awaitedIdle are where a server's own task waits for what is no piece of work, though an application's frame may be
// below: uvicorn 0.34, hypercorn 0.18.
func awaitedIdle(c *codeObject) bool {
	switch c.place {
	case "uvicorn/server.py":
		return method(c.function) == "main_loop" || method(c.function) == "on_tick"
	case "uvicorn/lifespan/on.py":
		return method(c.function) == "receive"
	case "hypercorn/asyncio/lifespan.py":
		return method(c.function) == "asgi_receive"
	case "hypercorn/asyncio/run.py":
		return method(c.function) == "worker_serve"
	}
	return false
}
