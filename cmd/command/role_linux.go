package command

import (
	"github.com/hangtime-dev/hangtime/faults"
	refserver "github.com/hangtime-dev/hangtime/reference-server"
)

// role runs a process that hangtime started of itself: a worker of the reference server, a fault's helper, the
// guardian. They are asked before the command line is read, because they must be quick to start and have no flags for
// people.
func role(args []string) (handled bool, code int) {
	if handled, code = refserver.Role(args); handled {
		return handled, code
	}
	return faults.Role(args)
}
