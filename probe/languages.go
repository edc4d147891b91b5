package probe

import (
	"maps"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/apache"
	"github.com/hangtime-dev/hangtime/stacks/golang"
	"github.com/hangtime-dev/hangtime/stacks/jvm"
	"github.com/hangtime-dev/hangtime/stacks/node"
	"github.com/hangtime-dev/hangtime/stacks/perl"
	"github.com/hangtime-dev/hangtime/stacks/php"
	"github.com/hangtime-dev/hangtime/stacks/postgres"
	"github.com/hangtime-dev/hangtime/stacks/python"
	"github.com/hangtime-dev/hangtime/stacks/ruby"
)

// languages are the readers of stacks, in the order in which they are tried: a new one is a folder of its own and a
// line here.
func languages() []stacks.Opener {
	known := &python.Finder{}
	return []stacks.Opener{
		func(p stacks.Process) (stacks.Reader, error) { return known.Open(p) },
		apache.Over(php.Open, perl.Open),
		php.Open,
		perl.Open,
		ruby.Open,
		golang.Open,
		jvm.Open,
		node.Open,
		postgres.Open,
	}
}

// A language is what is known of the language that a worker is written in.
type language struct {
	reader stacks.Reader // nil: none was found
	sought bool
	at     time.Time     // when the stacks were last read
	wanted time.Time     // when they were last to be told
	cpu    time.Duration // the worker's processor time then
	idle   map[int]bool  // threads that it says wait for work
	busy   []int         // threads that it says are at work, whatever the sockets say; 0: work that is no thread's
	// Of threads that it says wait for a child, which one; 0: it does not say.
	children map[int]int
	keys     []string // of locks in Redis that something waits for
}

// between says whether it was read between two pieces of work: nothing was at work, and nothing waited for any.
func (l *language) between() bool {
	return len(l.busy) == 0 && !slices.Contains(slices.Collect(maps.Values(l.idle)), true)
}
