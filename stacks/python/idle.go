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
