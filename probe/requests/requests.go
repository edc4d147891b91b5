// Package requests says from the server's sockets how many requests are inside of each worker, how old they are, and
// how many connections nobody has accepted. It reads the kernel's account of the sockets, never what passes over them.
package requests

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
	"github.com/hangtime-dev/hangtime/probe/bulk"
)

// A Reader reads the sockets of one server and of the processes that it follows. One goroutine may use it.
type Reader struct {
	fs          proc.FS
	bulk        *bulk.Reader
	troubles    Troubles
	connections *connections // nil: it is not known where the server listens
	processes   []*Process
	due         []*Process // whose descriptors are read at this tick
	readAt      time.Time  // when the sockets were last read
	blind       bool       // the descriptors of some may not be read: a new connection does not show there
}

// Troubles is told what could not be read, and why.
type Troubles interface {
	Trouble(what string, err error)    // what rests on it is void
	Unreadable(what string, err error) // only that it may not be read is a trouble: a process that is gone is none
}

// Open prepares to read the sockets at the given addresses ("127.0.0.1:8000", "unix:/run/app.sock") in a network
// namespace ("/proc/PID/ns/net"; empty: our own). Without any address nothing is read.
func Open(fs proc.FS, netns string, addresses []string, bulk *bulk.Reader, troubles Troubles) (*Reader, error) {
	r := &Reader{fs: fs, bulk: bulk, troubles: troubles}
	if len(addresses) > 0 {
		all, err := openSources(netns, addresses)
		if err != nil {
			return nil, err
		}
		r.connections = newConnections(all)
		r.connections.local = strings.HasPrefix(addresses[0], "unix:")
		for _, address := range addresses {
			if at, err := netip.ParseAddrPort(address); err == nil {
				r.connections.ports[at.Port()] = true
			}
		}
	}
	return r, nil
}

// Reads says whether anything is read.
func (r *Reader) Reads() bool { return r.connections != nil }

// Follow adds a process; it is watched by bulk for as long as its threads are followed.
func (r *Reader) Follow(pid int) *Process {
	p := &Process{PID: pid, changed: true}
	r.processes = append(r.processes, p)
	return p
}

// Forget takes a process out again.
func (r *Reader) Forget(p *Process) {
	r.processes = slices.DeleteFunc(r.processes, func(one *Process) bool { return one == p })
	if r.connections != nil {
		r.connections.lost(p.PID)
	}
	p.folder.Close()
}

// Close gives back what is open.
func (r *Reader) Close() {
	for _, p := range r.processes {
		p.folder.Close()
	}
	if r.connections != nil {
		r.connections.source.Close()
	}
}

// Read reads the server's sockets at tick now: all of them where a worker has one that is not known yet.
func (r *Reader) Read(now time.Time) {
	c := r.connections
	if c == nil {
		return
	}
	ran := false
	r.due = r.due[:0]
	for _, p := range r.processes {
		ran = ran || p.Ran
		p.changed = p.changed || p.Ran || len(p.unknown) > 0
		if p.changed && !now.Before(p.after) {
			r.due = append(r.due, p)
		}
	}
	news := false
	for _, p := range r.readDescriptors(r.due) {
		p.changed = false
		news = p.compare(c) || news
	}
	named, told := []sockdiag.Connection(nil), false
	if news {
		named, told = r.named()
	}
	if !told && c.newsCost > dearNews {
		r.bulk.Open()
	}
	if err := c.refresh(now, ran && r.blind, news && !told, named, r.owners); err != nil {
		r.troubles.Trouble("read the server's sockets", err)
	}
	r.readAt = time.Now() // not before: an age that is too long by a moment makes the next look like another request's
	if news {
		for _, p := range r.processes {
			p.claim(c)
		}
	}
}

// dearNews is what it may have taken to read all sockets for the sake of a few before the few are asked for by name:
// about what it takes to open what tells their names.
const dearNews = 100 * time.Millisecond

// named are the connections of the workers that are not known yet, by their addresses; ok is false where these cannot
// be had. Of a socket that is none of the server's there is none.
func (r *Reader) named() (all []sockdiag.Connection, ok bool) {
	unknown, pids := map[uint32]bool{}, []int(nil)
	for _, p := range r.processes {
		for _, inode := range p.unknown {
			unknown[inode] = true
		}
		if len(p.unknown) > 0 {
			pids = append(pids, p.PID)
		}
	}
	rows, ok := r.bulk.NamedSockets(pids)
	if !ok {
		return nil, false
	}
	for _, row := range rows {
		if unknown[row.Inode] && r.connections.ports[row.Local.Port()] {
			all = append(all, sockdiag.Named(row.Local, row.Remote, row.Inode))
			delete(unknown, row.Inode) // another process may have it too
		}
	}
	return all, true
}

// ofWorkers is what troubles with descriptors are about.
const ofWorkers = "the descriptors of the workers"

// pauseMost bounds how long the descriptors of a worker that ran are not gone through again.
const pauseMost = 300 * time.Millisecond

// readDescriptors reads which sockets each of these workers has, and returns those of which it could.
func (r *Reader) readDescriptors(due []*Process) []*Process {
	if len(due) == 0 {
		return nil
	}
	began := time.Now()
	pids := make([]int, len(due))
	for i, p := range due {
		pids[i] = p.PID
	}
	if rows, all, ok := r.bulk.Sockets(pids); ok {
		pause := 500 * time.Since(began) // at most a five hundredth of a processor
		if !all {
			pause = 100 * time.Since(began) / time.Duration(len(due)) // at most one percent for each
		}
		pause = min(pause, pauseMost)
		for _, p := range due {
			p.inodes = p.inodes[:0]
			for _, row := range bulk.SocketsOf(rows, p.PID) {
				p.inodes = append(p.inodes, row.Inode)
			}
			p.after = began.Add(pause)
		}
		r.blind = false
		return due
	}
	count := len(due)
	read := due[:0]
	for _, p := range due {
		at := time.Now()
		if err := p.read(r.fs); err != nil {
			r.troubles.Unreadable(ofWorkers, err)
		} else {
			read = append(read, p)
		}
		p.after = at.Add(min(100*time.Since(at), pauseMost)) // at most one percent of a processor for each
	}
	r.blind = len(read) < count
	r.bulk.SocketsTook(time.Since(began), count)
	return read
}

// owners goes through the sockets of all workers.
func (r *Reader) owners(found func(inode uint32, pid int)) {
	for _, p := range r.processes {
		if p.changed { // else it has those that were last read
			if err := p.read(r.fs); err != nil {
				r.troubles.Unreadable(ofWorkers, err)
				continue
			}
		}
		for _, inode := range p.inodes {
			found(inode, p.PID)
		}
	}
}

// Renew has the next Read read all sockets.
func (r *Reader) Renew() {
	if r.connections != nil {
		r.connections.whole = time.Time{}
	}
}

// Of is what the connections of a process say as of now; the zero Tally where nothing is read.
func (r *Reader) Of(pid int) Tally {
	if r.connections == nil {
		return Tally{}
	}
	t := r.connections.of(pid)
	t.later(time.Since(r.readAt))
	return t
}

// Answering is for how long a process has sent nothing on its connection with a client's port, where an answer to its last
// request has begun or is whole, by the kernel's clock (TCP_INFO, steps of 4 ms). It is not known of a request of which no
// byte was answered, nor of one at a unix socket.
func (r *Reader) Answering(pid, port int) (silent time.Duration, known bool) {
	if r.connections == nil || port == 0 {
		return 0, false
	}
	silent, known = r.connections.answering(pid, port)
	return silent + time.Since(r.readAt), known
}

// Backlog is what the listening sockets hold: connections that no worker has accepted, and how many they may hold;
// listening says whether there are any.
func (r *Reader) Backlog() (waiting, limit int, listening bool) {
	if r.connections == nil {
		return 0, 0, false
	}
	return r.connections.backlog()
}

// Dropped is how many connections the kernel has dropped at the server's listening sockets since they are read.
func (r *Reader) Dropped() uint64 {
	if r.connections == nil {
		return 0
	}
	return r.connections.dropped
}

// Listening are the inodes of the server's listening sockets.
func (r *Reader) Listening() map[uint32]bool {
	all := map[uint32]bool{}
	if r.connections == nil {
		return all
	}
	for i := range r.connections.now {
		if one := &r.connections.now[i]; one.State == sockdiag.Listen {
			all[one.Inode] = true
		}
	}
	return all
}

// maxClients bounds the connections of one process that are named.
const maxClients = 16

// Clients are the inodes of the connections that a process is known to have accepted.
func (r *Reader) Clients(pid int) map[uint32]bool {
	if r.connections == nil {
		return nil
	}
	all := map[uint32]bool{}
	for inode, s := range r.connections.sockets {
		if s.pid == pid && len(all) < maxClients {
			all[inode] = true
		}
	}
	return all
}

// Holds says what a process has of the server's sockets.
func (r *Reader) Holds(pid int) Holding {
	if r.connections == nil {
		return HoldUnseen
	}
	return r.connections.holding(r.fs, pid)
}
