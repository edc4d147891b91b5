package golang

import (
	"slices"

	"github.com/hangtime-dev/hangtime/stacks"
)

// course tells whether frames are a program's own course: the application's code, which no library called that takes
// work.
func course(frames []stacks.Frame) bool {
	own := slices.IndexFunc(frames, func(f stacks.Frame) bool { return !f.Library })
	return own >= 0 && !slices.ContainsFunc(frames[own:], func(f stacks.Frame) bool {
		return f.Library && !onlyCalls(packageOf(f.Function))
	})
}

// onlyCalls tells whether a package calls what it was given, and takes no work from anybody: what goroutines begin with,
// walks and sorts, and the command lines of programs.
func onlyCalls(name string) bool {
	return slices.ContainsFunc([]string{"runtime", "sync", "time", "context", "reflect", "slices", "sort", "maps", "iter",
		"strings", "io/fs", "path/filepath", "golang.org/x/sync", "github.com/spf13/cobra", "github.com/urfave/cli"},
		func(one string) bool { return within(name, one) })
}
