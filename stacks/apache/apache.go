// Package apache reads what Apache's httpd says of its own children: its scoreboard, in memory that all of them share,
// has a place for each thread with the line of the request that it works on. It reads no code: what runs inside Apache,
// such as PHP, is read by that language's own reader, which comes first.
package apache

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
)

// Bounds of one look: the scoreboard's place of one child is read, of at most maxThreads threads.
const (
	maxReads   = 2500
	maxBytes   = 2 << 20
	maxThreads = 1024
)

type reader struct {
	pid    int
	own    int // what it is called in its own namespace
	memory func(uint64, []byte) error
	image  uint64 // address of Apache's variable that points to the scoreboard
	inside stacks.Reader
	ids    *stacks.ThreadIDs
	now    func() time.Time
}

// Over is what finds Apache in a process, and what runs inside it by one of these.
func Over(inside ...stacks.Opener) stacks.Opener {
	return func(p stacks.Process) (stacks.Reader, error) {
		found, err := symbols.Find(p, "Apache", isApache, func(object *symbols.Object) (stacks.Reader, error) {
			return open(p, object)
		})
		if err != nil {
			return nil, err
		}
		r := found.(*reader)
		for _, opener := range inside {
			switch one, err := opener(p); {
			case err == nil:
				r.inside = one
				return r, nil
			case !errors.Is(err, stacks.ErrNone):
				return nil, err
			}
		}
		return r, nil
	}
}

// isApache says that a file's name is that of Apache's program: "apache2" of Debian, "httpd" elsewhere.
func isApache(name string) bool {
	return strings.HasPrefix(name, "apache2") || strings.HasPrefix(name, "httpd")
}

func open(p stacks.Process, object *symbols.Object) (stacks.Reader, error) {
	at := object.Addresses("ap_scoreboard_image")
	if at["ap_scoreboard_image"] == 0 {
		return nil, nil
	}
	return &reader{pid: p.PID, own: stacks.OwnPID(p), memory: p.Memory, image: at["ap_scoreboard_image"],
		ids: stacks.NewThreadIDs(p), now: time.Now}, nil
}

func (r *reader) Language() string {
	if r.inside != nil {
		return r.inside.Language()
	}
	return "apache"
}

// Look tells what the language inside tells, and which requests the other threads work on.
func (r *reader) Look() (works []stacks.Work, err error) {
	if r.inside != nil {
		if works, err = r.inside.Look(); err != nil {
			return nil, err
		}
	}
	view := &foreign.View{Memory: r.memory, Reads: maxReads, Bytes: maxBytes}
	all, err := places(view, r.image, r.own)
	if err != nil {
		return works, fmt.Errorf("read Apache's scoreboard in process %d: %w", r.pid, err)
	}
	for _, one := range all {
		asked, is := one.request(r.now())
		if !is {
			continue
		}
		tid := r.pid // of a child without threads
		if one.threads > 1 {
			if tid = r.ids.Of(one.kernelID(view)); tid == 0 {
				continue // whose it is cannot be told
			}
		}
		i := slices.IndexFunc(works, func(w stacks.Work) bool { return w.TID == tid })
		switch {
		case i < 0:
			works = append(works, stacks.Work{Kind: "thread", TID: tid, ID: uint64(tid), Request: asked})
		case works[i].Request == stacks.Request{}:
			works[i].Request, works[i].Idle = asked, false
		}
	}
	return works, nil
}
