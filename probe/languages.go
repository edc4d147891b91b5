package probe

import (
	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/python"
)

// languages are the readers of stacks, in the order in which they are tried: a new one is a folder of its own and a line here.
func languages() []stacks.Opener {
	return []stacks.Opener{
		python.Open,
	}
}
