package waits

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// mounts has what processes see mounted. The workers of one server see the same.
type mounts struct {
	fs        proc.FS
	namespace uint64 // that these are of; 0: it may not be read
	pid       int    // whose they are
	at        time.Time
	all       []proc.Mount
}

func newMounts(fs proc.FS) *mounts { return &mounts{fs: fs} }

// mountLife is how long a table stands.
const mountLife = 5 * time.Second

func (t *mounts) of(pid int) []proc.Mount {
	namespace, err := t.fs.Namespace(pid, "mnt")
	if err != nil {
		namespace = 0
	}
	same := namespace != 0 && namespace == t.namespace || pid == t.pid && namespace == t.namespace
	if t.all != nil && same && time.Since(t.at) < mountLife {
		return t.all
	}
	all, err := t.fs.Mounts(pid)
	if err != nil {
		return nil
	}
	t.all, t.namespace, t.pid, t.at = all, namespace, pid, time.Now()
	return t.all
}

// mountOf is the one with a number.
func mountOf(all []proc.Mount, id int) (proc.Mount, bool) {
	i := slices.IndexFunc(all, func(m proc.Mount) bool { return m.ID == id })
	if i < 0 {
		return proc.Mount{}, false
	}
	return all[i], true
}
