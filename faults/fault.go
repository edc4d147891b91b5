package faults

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A Worker is a process of the server that a fault may be aimed at.
type Worker struct {
	Place, PID int
	Start      uint64        // field 22 of /proc/PID/stat: with the pid, its identity
	Born       time.Duration // on the run's clock
}

// A Field is what faults may touch, and nothing else.
type Field struct {
	Arbiter int             // only its descendants are signalled; 0: no process is known
	Dir     string          // the server's log folder: only files in it are touched
	Base    string          // of the server, "http://127.0.0.1:1234"
	Workers func() []Worker // those that run now
	Engine  func() int      // the process that keeps the server's tasks, as the server says; 0: it has none
	Ground  *Ground         // what was laid before the server started; nil: nothing
	Seed    uint64          // of every random choice
	Name    string          // begins the ids of faults: "shared"
	By      string          // "person" where no scenario planned it
}

// A target is what one stroke of a fault hits.
type target struct {
	words  string // for a person: a path, "worker 2 (pid 4242)"
	worker int
	victim process
	also   []process // hit together with the victim, which is among them; nil: the victim alone
	path   string
}

// An effect is harm that was seen to be there.
type effect struct {
	pid    int
	detail string
	// heal undoes it and returns when it was seen to be gone, with a word on how where that is not plain. nil: there
	// is nothing to undo.
	heal func() (how string, err error)
}

// A harm is one kind of fault.
type harm interface {
	// aim chooses what the next stroke hits; an error where ctx ends meanwhile.
	aim(ctx context.Context) ([]target, error)
	// strike does the harm and returns when it was seen; where it fails or ctx ends it leaves nothing behind.
	strike(ctx context.Context, at target) (effect, error)
}

// seeded is the source of a fault's choices: the same scenario with the same seed chooses the same.
func seeded(f scenarios.Fault, field Field) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s %v %v %s", field.Name, f.Kind, f.At, f.Every, f.Worker)
	return rand.New(rand.NewPCG(field.Seed, h.Sum64()))
}

// instant harms have nothing to undo.
type instant interface{ instant() }
