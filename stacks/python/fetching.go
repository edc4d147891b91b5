package python

import (
	"slices"
	"strings"
)

// course says whether a thread is in a program's own course: the application's code, and no library that takes work
// has called it.
func course(frames []stackFrame) bool {
	own := slices.IndexFunc(frames, func(f stackFrame) bool { return !f.code.library })
	if own < 0 {
		return false
	}
	return !slices.ContainsFunc(frames[own:], func(f stackFrame) bool {
		return f.code.library && !startsWithAny(f.code.place, entryFiles())
	})
}

// fetches says whether a thread waits for its next message in the application's own loop. Under a server or a framework
// the same function waits for the answer to a request.
func (u *unwinder) fetches(frames []stackFrame) bool {
	waits := -1
	for i, f := range frames {
		if waits < 0 && f.code.library {
			for _, one := range f.code.said.fetches {
				if u.runs(f, one.spot) && onlyWaits(frames[:i], one.through) {
					waits = i
				}
			}
			continue
		}
		if waits < 0 {
			return false
		}
		through := frames[waits].code.said.fetches[0].through
		if f.code.library && !startsWithAny(f.code.place, entryFiles()) && !startsWithAny(f.code.place, through) {
			return false
		}
	}
	return waits >= 0
}

func startsWithAny(place string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(place, prefix) })
}
