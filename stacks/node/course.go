package node

import (
	"slices"

	"github.com/hangtime-dev/hangtime/stacks"
)

// course says that JavaScript is a program's own course: the application's code, which no installed package called.
// Node.js itself calls it only.
func course(frames []stacks.Frame) bool {
	own := slices.IndexFunc(frames, func(f stacks.Frame) bool { return !f.Library })
	return own >= 0 && !slices.ContainsFunc(frames[own:], func(f stacks.Frame) bool { return isPackage(f.File) })
}
