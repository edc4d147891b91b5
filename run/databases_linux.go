package run

import (
	"os"

	"github.com/hangtime-dev/hangtime/databases"
	"github.com/hangtime-dev/hangtime/probe/sessions"
)

// Ask are the databases that are to be asked who waits for whom in them: those that are named, and those that the
// environment names. It connects to none.
func Ask(named databases.Where) (all []sessions.Database, err error) {
	opened, err := databases.Open(named.OrFrom(os.Getenv))
	for _, one := range opened {
		all = append(all, one)
	}
	return all, err
}
