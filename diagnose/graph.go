package diagnose

import (
	"fmt"
	"path"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// A Graph is who waits for whom, from the request that suffers to whoever keeps it: each node waits for those to which its
// edges lead. The first node is where it begins.
type Graph struct {
	Nodes []Node
	Edges []Edge
}

// A Node is something that waits, or that others wait for.
type Node struct {
	Kind  string // a kind of node
	Label string // "GET /withdraw", "worker 2 (pid 412), its main thread"
	At    string // where in its own code: "withdraw (transfers.py:33)"; empty: not known
}

// Kinds of nodes.
const (
	NodeRequest  = "request"
	NodeThread   = "thread"
	NodeTask     = "task" // a coroutine, greenlet or goroutine
	NodeProcess  = "process"
	NodeLock     = "lock"
	NodePipe     = "pipe"
	NodeSocket   = "socket"
	NodeDisk     = "disk"
	NodeTerminal = "terminal"
	NodeSession  = "session" // of a database
	NodeKey      = "key"     // of Redis, that stands for a lock
)

// An Edge says that one node waits for another. Both are places in Nodes.
type Edge struct {
	From, To int
	Label    string // "waits for", "is held by"
}

// Circle says whether an edge leads back to a node that was passed.
func (g Graph) Circle() bool {
	for _, e := range g.Edges {
		if e.To <= e.From {
			return true
		}
	}
	return false
}

// shared has so many workers stand where one did: they wait for the same.
func (g *Graph) shared(workers int) {
	for i := range g.Nodes {
		if g.Nodes[i].Kind != NodeRequest {
			g.Nodes[i].Label = words.Count(workers, "worker")
			return
		}
	}
}

// told is how many of its nodes a database has told.
func (g Graph) told() (n int) {
	for _, one := range g.Nodes {
		if one.Kind == NodeSession || one.Kind == NodeKey {
			n++
		}
	}
	return n
}

func (g *Graph) add(n Node) int {
	n.Label, n.At = words.Printable(n.Label), words.Printable(n.At)
	for i, old := range g.Nodes {
		if old == n {
			return i
		}
	}
	g.Nodes = append(g.Nodes, n)
	return len(g.Nodes) - 1
}

// link adds a node that one waits for, and is its place.
func (g *Graph) link(from int, label string, n Node) int {
	to := g.add(n)
	g.Edges = append(g.Edges, Edge{from, to, words.Printable(label)})
	return to
}

// graph is who waits for whom in a stall, by the same evidence as its sentence.
func (x explainer) graph(p *process, s standstill, c *Cause) Graph {
	var g Graph
	who := x.waiter(p, s, c.Where)
	me := 0
	if c.Request != "" {
		me = g.link(g.add(Node{Kind: NodeRequest, Label: c.Request}), "is in", who)
	} else {
		me = g.add(who)
	}
	if at, found := x.inDatabase(p, s); found {
		x.drawSessions(&g, me, p, at)
		return g
	}
	if s.cycle != nil && s.task == nil {
		x.drawCircle(&g, me, p, s.tid)
		return g
	}
	x.drawWait(&g, me, p, s)
	return g
}

// waiter is what stands still: a thread, a piece of work without one, or the whole process.
func (x explainer) waiter(p *process, s standstill, at string) Node {
	name := workerName(p)
	switch {
	case s.task != nil:
		text := "a " + taskWord(s.task)
		if s.crowd > 1 {
			text = fmt.Sprintf("%d %ss", s.crowd, taskWord(s.task))
		}
		return Node{Kind: NodeTask, Label: name + ", " + text, At: at}
	case s.thread != nil && s.crowd > 1:
		return Node{Kind: NodeThread, Label: fmt.Sprintf("%s, %d threads", name, s.crowd), At: at}
	case s.thread != nil:
		return Node{Kind: NodeThread, Label: name + ", " + named(p, s.thread), At: at}
	}
	return Node{Kind: NodeProcess, Label: name, At: at}
}

func workerName(p *process) string { return fmt.Sprintf("worker %d (pid %d)", p.place, p.pid) }

// threadNode is one thread of a worker.
func (x explainer) threadNode(p *process, tid int) Node {
	label := fmt.Sprintf("%s, its thread %d", workerName(p), tid)
	if t := p.threads[tid]; t != nil {
		label = workerName(p) + ", " + named(p, t)
	}
	return Node{Kind: NodeThread, Label: label, At: p.stacks[tid].own()}
}

// processNode is a process that is waited for: a worker, or any other.
func (x explainer) processNode(peer history.Peer, at string) Node {
	if q := x.alive(peer.PID); q != nil {
		if at == "" && (q.sample.Inside > 0 || q.open > 0 || q.noListener) {
			at = q.atOwnCode().own()
		}
		return Node{Kind: NodeProcess, Label: workerName(q), At: at}
	}
	return Node{Kind: NodeProcess, Label: peers([]history.Peer{peer}), At: at}
}

// drawSessions draws how a wait goes on in a database.
func (x explainer) drawSessions(g *Graph, me int, p *process, at sessionPath) {
	from := me
	places := map[uint64]int{}
	label := "waits for an answer of"
	for i, one := range at.hops {
		text := fmt.Sprintf("session %d of %s", one.ID, at.database)
		if one.Waits == "" {
			text += ", " + one.State + lasting(one.For)
		}
		from = g.link(from, label, Node{Kind: NodeSession, Label: text, At: one.Statement})
		places[one.ID] = from
		if one.Waits != "" {
			label = "waits" + lasting(one.For) + " for " + one.Waits + " of"
		}
		if back, passed := places[firstOf(one.Blockers)]; passed && i == len(at.hops)-1 && at.circle {
			g.Edges = append(g.Edges, Edge{from, back, label})
			return
		}
	}
	switch last := at.last(); {
	case at.prepared:
		g.link(from, label, Node{Kind: NodeSession, Label: "a prepared transaction"})
	case at.lost || !rests(last) && last.Waits != "":
	case last.Peer.PID == p.pid:
		g.Edges = append(g.Edges, Edge{from, me, "is a connection of"})
	case last.Peer.PID != 0:
		g.link(from, "is a connection of", x.processNode(last.Peer, ""))
	case last.Client != "":
		g.link(from, "is a connection of", Node{Kind: NodeProcess, Label: last.Client})
	}
}

func firstOf(all []uint64) uint64 {
	if len(all) == 0 {
		return 0
	}
	return all[0]
}

// drawCircle draws threads that wait for each other, from one of them back to it.
func (x explainer) drawCircle(g *Graph, from int, p *process, tid int) {
	passed := map[waitingThread]int{{p.pid, tid}: from}
	for range 32 {
		what, _, next := x.owners(p, tid)
		text := "waits for " + what + ", held by"
		on := waitingThread{}
		for _, one := range next {
			if x.together(p, tid, one) {
				continue
			}
			if back, is := passed[one]; is {
				g.Edges = append(g.Edges, Edge{from, back, words.Printable(text)})
				return
			}
			if on.pid == 0 {
				on = one
			}
		}
		q := x.alive(on.pid)
		if q == nil {
			return
		}
		from = g.link(from, text, x.threadNode(q, on.tid))
		passed[on] = from
		p, tid = q, on.tid
	}
}

// drawWait draws what one thread or task waits for, and the processes behind that.
func (x explainer) drawWait(g *Graph, me int, p *process, s standstill) {
	st := s.task
	if st == nil {
		st = p.stacks[s.tid]
	}
	last, next := me, history.Peer{}
	switch ev := s.event().(type) {
	case history.LockWait:
		name := ev.Path
		if name == "" {
			name = fmt.Sprintf("inode %d of device %s", ev.Inode, ev.Device)
		}
		last = g.link(me, "waits for", Node{Kind: NodeLock, Label: ev.Lock + " on " + path.Base(name)})
		for _, h := range ev.Holders {
			if h.Dead || x.alive(h.PID) == nil {
				g.link(last, "is held by", Node{Kind: NodeProcess, Label: holderWords(h)})
				continue
			}
			g.link(last, "is held by", x.processNode(history.Peer{PID: h.PID, Command: h.Command}, ""))
		}
	case history.PipeWait:
		last = g.link(me, ev.Op+"s", Node{Kind: NodePipe, Label: fmt.Sprintf("pipe %d", ev.Inode)})
		if ev.Path != "" {
			g.Nodes[last].Label = words.Printable(ev.Path)
		}
		verb := "is to be read by"
		if ev.Op == "read" {
			verb = "is to be written by"
		}
		for _, one := range ev.Others {
			g.link(last, verb, x.processNode(one, ""))
		}
	case history.SocketWait:
		if ev.Remote == "" {
			return
		}
		last = g.link(me, "waits for", Node{Kind: NodeSocket, Label: ev.Remote})
		for _, one := range ev.Peers {
			g.link(last, "is answered by", x.processNode(one, ""))
		}
		x.drawSaid(g, last, p, s)
	case history.ChildWait:
		last, next = me, ev.Child
	case history.SemaphoreWait:
		last = g.link(me, "waits for", Node{Kind: NodeLock, Label: fmt.Sprintf("semaphore %d", ev.ID)})
		if ev.Last.PID != 0 {
			g.link(last, "was last changed by", x.processNode(ev.Last, ""))
		}
	case history.DiskWait:
		last = g.link(me, "waits for", Node{Kind: NodeDisk, Label: ev.Path})
		for _, one := range ev.Servers {
			g.link(last, "is served by", x.processNode(one, ""))
		}
	case history.TerminalWait:
		g.link(me, "waits for somebody at", Node{Kind: NodeTerminal, Label: ev.Path})
	default:
		x.drawInside(g, me, p, st, s)
	}
	x.drawLinks(g, me, last, next, p.chains[s.tid].Links, s.thread != nil && s.behind != nil)
}

// drawSaid draws what databases say of the sessions at which a process waits, or of those of its pool.
func (x explainer) drawSaid(g *Graph, from int, p *process, s standstill) {
	for _, db := range x.lately() {
		all := db.of(p, s)
		if n, _ := unused(all); n > 0 && p.awaitsPool(s) {
			g.link(from, "has", Node{Kind: NodeSession, Label: fmt.Sprintf("%s in %s, of which %d %s nothing", words.Count(len(all), "session"),
				db.Database, n, words.Choose(n, "does", "do"))})
			continue
		}
		if len(all) > 0 && (all[0].Waits != "" || len(all) == 1) {
			g.link(from, "is", Node{Kind: NodeSession, Label: fmt.Sprintf("session %d of %s, %s", all[0].ID, db.Database, all[0].State),
				At: all[0].Statement})
		}
	}
}

// drawInside draws what a runtime says that its work waits for.
func (x explainer) drawInside(g *Graph, me int, p *process, st *stack, s standstill) {
	if ev, is := s.event().(history.MutexWait); is && (st == nil || st.Wait == nil) {
		lock := g.link(me, "waits for", Node{Kind: NodeLock, Label: "a mutex"})
		switch {
		case ev.Holder.PID != 0:
			g.link(lock, "is held by", x.processNode(ev.Holder, ""))
		case ev.Owner != 0:
			g.link(lock, "is held by", x.threadNode(p, ev.Owner))
		}
		return
	}
	text := userWait(st)
	if text == "" {
		return
	}
	lock := g.link(me, "waits for", Node{Kind: NodeLock, Label: text})
	if st.Wait.On == "pool" {
		x.drawSaid(g, lock, p, s)
	}
	if key, database, found := x.keyOf(p, s); found {
		g.link(lock, "is", keyNode(key, database))
	}
	if owner := int(st.Wait.Owner); owner != 0 && p.threads[owner] != nil && st.Wait.On != "child" {
		g.link(lock, "is held by", x.threadNode(p, owner))
	}
}

// drawLinks draws the processes behind a wait, each of which waits for the next.
func (x explainer) drawLinks(g *Graph, me, last int, child history.Peer, links []history.Link, known bool) {
	if !known {
		return
	}
	if child.PID != 0 && (len(links) == 0 || links[0].PID != child.PID) {
		g.link(me, "waits for", x.processNode(child, ""))
	}
	label := "waits for"
	for i, link := range links {
		n := x.processNode(link.Peer, link.At)
		if i == 0 && last != me {
			n.At = "" // it is there already
			if at := g.find(n.Label); at >= 0 {
				g.Nodes[at].At = words.Printable(link.At)
				last = at
			} else {
				last = g.link(last, "leads to", n)
			}
		} else {
			last = g.link(last, label, n)
		}
		if label = link.Does; label == "" {
			label = "waits for"
		}
		if link.Ends {
			g.Edges = append(g.Edges, Edge{last, me, words.Printable(label)})
		}
	}
}

// find is the place of a node by its label; -1: there is none.
func (g *Graph) find(label string) int {
	label = words.Printable(label)
	for i, n := range g.Nodes {
		if n.Label == label {
			return i
		}
	}
	return -1
}
