package ruby

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// course says that a thread is in a program's own course: in the application's code, which no library called that takes
// work.
func course(frames []stacks.Frame) bool {
	own := -1
	for i, f := range frames {
		if own < 0 && !f.Library && !isStub(frames[:i+1]) {
			own = i
		}
	}
	return own >= 0 && !slices.ContainsFunc(frames[own:], takesWork)
}

// isStub says that the last of some frames is a file which only loads the program of an installed gem, as RubyGems writes
// them.
func isStub(frames []stacks.Frame) bool {
	n := len(frames)
	return n > 2 && isNative(frames[n-2]) && isMethod(frames[n-2].Function, "Kernel", "load") && frames[n-3].Library &&
		frames[n-3].File != ""
}

// takesWork says that a call is of a library that may have got the work of what it calls from somebody. Ruby's own
// functions and its standard library call what they were given, but for servers, and consoles run the command that the
// program was started with.
func takesWork(f stacks.Frame) bool {
	in := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(f.File, part) })
	}
	switch {
	case !f.Library || isNative(f), in("/rubygems/", "/bundler/", "/bundler-", "/rake/", "/rake-", "/thor/"):
		return false
	case isStandard(f.File):
		return in("/drb/", "/webrick/", "/socket.rb")
	}
	return true
}

// isStandard says that a file is of Ruby's standard library: "/usr/lib/ruby/3.1.0/net/http.rb". Packages of a system
// and gems have folders beside and below.
func isStandard(file string) bool {
	_, below, found := strings.Cut(file, "/lib/ruby/")
	return found && below != "" && below[0] >= '0' && below[0] <= '9' && !strings.Contains(below, "/gems/")
}

// fetches says that a thread waits for its next message in the application's own loop, in a function of a client that
// does nothing else. Tried with redis 4.8.0.
func fetches(frames []stacks.Frame) bool {
	own := slices.IndexFunc(frames, func(f stacks.Frame) bool { return !f.Library })
	return own > 0 && course(frames) && slices.ContainsFunc(frames[:own], func(f stacks.Frame) bool {
		return slices.ContainsFunc([]spot{
			{"/redis/commands/lists.rb", "blpop"}, {"/redis/commands/lists.rb", "brpop"}, {"/redis/commands/lists.rb", "blmove"},
			{"/redis/commands/sorted_sets.rb", "bzpop"}, {"/redis/commands/pubsub.rb", "subscribe"},
		}, func(s spot) bool { return s.at(f) })
	})
}
