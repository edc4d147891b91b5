package probe

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/discovery"
	"github.com/hangtime-dev/hangtime/probe/requests"
)

// A crew is the workers of one arbiter, or the one process that a server is: it says which processes they are. One
// goroutine may use it.
type crew struct {
	fs       proc.FS
	target   discovery.Target
	children *proc.Children // of the arbiter
	readAt   time.Time      // when these were last read
	requests *requests.Reader

	behind  []int             // children that are arbiters themselves: their crews are others
	fronts  []int             // children that pass on to the others what they take
	fronted time.Time         // when these were last looked for
	refused map[int]time.Time // children that are no workers, and until when that is believed
	serving bool              // a child was found that has a listening socket, or a connection accepted on one
	passed  string            // the command of a child that has a connection and no listening socket: its arbiter passes them on
	roles   roles
}

// crewsOf are the crews of a server and of those behind it.
func crewsOf(fs proc.FS, t discovery.Target, all *requests.Reader) []*crew {
	c := &crew{
		fs: fs, target: t, children: proc.ChildrenOf(fs, t.Arbiter), requests: all, refused: map[int]time.Time{},
	}
	crews := []*crew{c}
	for _, one := range t.Behind {
		c.behind = append(c.behind, one.Arbiter)
		crews = append(crews, crewsOf(fs, one, all)...)
	}
	return crews
}

// candidates are the processes that may be workers now. over says that the arbiter was one, and no longer is.
func (c *crew) candidates(now time.Time, known func(pid int) bool) (pids []int, over bool) {
	pids, err := c.children.Read()
	pids = slices.DeleteFunc(pids, func(pid int) bool { return slices.Contains(c.behind, pid) })
	c.findFronts(now)
	pids = slices.DeleteFunc(pids, func(pid int) bool { return slices.Contains(c.fronts, pid) })
	if c.target.Single && c.requests.Reads() {
		over = c.hasWorkers(now, pids)
	}
	switch {
	case !c.target.Single && err != nil:
		return nil, false // the arbiter is gone; its workers are watched to their end
	case c.target.Single && c.requests.Reads():
		pids = []int{c.target.Arbiter}
	case c.target.Single: // a queue's worker may do each job in a process of its own
		pids = append([]int{c.target.Arbiter}, pids...)
	}
	if c.takesItself(now, pids) {
		pids = append([]int{c.target.Arbiter}, pids...)
	}
	if c.requests.Reads() && !c.target.Single && !c.serving {
		c.serving = slices.ContainsFunc(pids,
			func(pid int) bool {
				holds := c.requests.Holds(pid)
				if holds == requests.HoldsSome {
					c.passed = c.fs.Command(pid)
				}
				return known(pid) || holds == requests.HoldsSome || holds == requests.HoldsListener
			})
	}
	return pids, over
}

// frontsEvery is how often it is looked which children pass on what they take; it goes through the sockets of the machine.
const frontsEvery = time.Second

// findFronts finds the children that pass on what they take. One that was seen to do so stays one.
func (c *crew) findFronts(now time.Time) {
	if !c.requests.Reads() || now.Sub(c.fronted) < frontsEvery {
		return
	}
	c.fronted = now
	for _, pid := range discovery.Fronts(c.fs, c.target) {
		if !slices.Contains(c.fronts, pid) {
			c.fronts = append(c.fronts, pid)
		}
	}
	c.fronts = slices.DeleteFunc(c.fronts, func(pid int) bool {
		stat, err := c.fs.Stat(pid)
		return err != nil || stat.Parent != c.target.Arbiter
	})
}

// serves says whether a child of the arbiter is a worker: it has a listening socket of the server, or a connection that
// was accepted on one (a worker that gets its connections from its arbiter). Where none of them has, as in a queue's
// pool or before they have come so far, those are that run their arbiter's program; they have no listener. Where
// descriptors may not be read, every child counts.
func (c *crew) serves(pid int) (is, noListener bool) {
	switch {
	case pid == c.target.Arbiter:
		return true, !c.requests.Reads()
	case !c.requests.Reads():
		return discovery.SameProgram(c.fs, c.target.Arbiter, pid), true
	}
	switch c.requests.Holds(pid) {
	case requests.HoldsListener:
		// Another program, such as one that was started in the background, may have inherited it.
		arbiter := c.target.Arbiter
		if !discovery.SameProgram(c.fs, arbiter, pid) && !discovery.TakingOf(c.fs, c.requests.Sockets()).Child(pid, arbiter) {
			return false, false
		}
		c.serving = true
		return true, false
	case requests.HoldsSome:
		c.serving, c.passed = true, c.fs.Command(pid)
		return true, false
	case requests.HoldUnseen:
		return true, false
	}
	if c.target.Serves || c.serving && (c.passed == "" || c.fs.Command(pid) != c.passed) {
		return false, true
	}
	return discovery.SameProgram(c.fs, c.target.Arbiter, pid), true
}

// hasWorkers finds out whether a server that was one process so far has children by now that take its connections: then
// it is their arbiter. over says that it takes none itself.
func (c *crew) hasWorkers(now time.Time, children []int) (over bool) {
	if len(children) == 0 || !c.roles.due(now) {
		return false
	}
	is := discovery.TakingOf(c.fs, c.requests.Sockets())
	pid := c.target.Arbiter
	if !slices.ContainsFunc(children, func(child int) bool { return discovery.SameProgram(c.fs, pid, child) && is.Child(child, pid) }) {
		return false
	}
	c.target.Single = false
	c.target.Serves = len(is.Spoken(pid)) > 0 || is.Accepts(pid)
	return !c.target.Serves
}

// takesItself says whether the arbiter of children takes connections beside them.
func (c *crew) takesItself(now time.Time, children []int) bool {
	if c.target.Serves || c.target.Single || !c.requests.Reads() || !c.roles.due(now) {
		return c.target.Serves
	}
	is := discovery.TakingOf(c.fs, c.requests.Sockets())
	before, pid := c.roles.spoken, c.target.Arbiter
	c.target.Serves = is.AcceptsBeside(pid, children)
	c.roles.spoken = is.Spoken(pid)
	c.roles.look(is, pid, c.requests)
	for inode := range c.roles.spoken {
		c.target.Serves = c.target.Serves || before[inode]
	}
	return c.target.Serves
}
