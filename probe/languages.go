package probe

import (
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/golang"
	"github.com/hangtime-dev/hangtime/stacks/php"
	"github.com/hangtime-dev/hangtime/stacks/python"
	"github.com/hangtime-dev/hangtime/stacks/ruby"
)

// languages are the readers of stacks, in the order in which they are tried: a new one is a folder of its own and a line here.
func languages() []stacks.Opener {
	known := &python.Finder{}
	return []stacks.Opener{
		func(p stacks.Process) (stacks.Reader, error) { return known.Open(p) },
		php.Open,
		ruby.Open,
		golang.Open,
	}
}
