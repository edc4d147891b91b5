package faults

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// Longest is how long any fault is kept up at most, whatever the scenario says.
const Longest = 60 * time.Second

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
	Ground  *Ground         // what was laid before the server started; nil: nothing
	Seed    uint64          // of every random choice
	Name    string          // begins the ids of faults: "shared"
	By      string          // "person" where no scenario planned it
}

// An Injection is a fault that was found to be possible here. It is run once.
type Injection struct {
	fault    scenarios.Fault
	field    Field
	guardian *Guardian
	harm     harm
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

// Prepare says whether a fault can be done to this server, before it is harmed. What can be said before there is a
// server, Possible says.
func Prepare(f scenarios.Fault, field Field, g *Guardian) (*Injection, error) {
	k, err := kindOf(f.Kind)
	if err != nil {
		return nil, err
	}
	h, err := k.prepare(f, field, g)
	if err != nil {
		return nil, err
	}
	return &Injection{fault: f, field: field, guardian: g, harm: h}, nil
}

// random is the source of a fault's choices: the same scenario with the same seed chooses the same.
func random(f scenarios.Fault, field Field) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s %v %v %s", field.Name, f.Kind, f.At, f.Every, f.Worker)
	return rand.New(rand.NewPCG(field.Seed, h.Sum64()))
}

// needSignals says why processes cannot be signalled safely here.
func needSignals(field Field) error {
	if field.Arbiter <= 0 {
		return errors.New("no process of the server is known: it can only be done to a server that hangtime started or was attached to")
	}
	fd, err := unix.PidfdOpen(unix.Getpid(), 0)
	if err != nil {
		return fmt.Errorf("needs pidfd_open (Linux 5.3 or later): %w", err)
	}
	return unix.Close(fd)
}

// needFile says why a path is not one that faults may touch.
func needFile(field Field, path string) (string, error) {
	if !filepath.IsLocal(path) {
		return "", fmt.Errorf("path %q leaves the server's log folder", path)
	}
	if !filepath.IsAbs(field.Dir) {
		return "", errors.New("no log folder of the server is known")
	}
	return filepath.Join(field.Dir, path), nil
}

// needLoopback says why an address is not one that faults may send to.
func needLoopback(base string) error {
	u, err := url.Parse(base)
	if err != nil {
		return err
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%s is not an address of this machine's loopback: faults send nowhere else", base)
}
