package waits

import (
	"fmt"
	"path"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// maxChain bounds how far it is followed who waits for whom.
const maxChain = 4

// Chain is what the process that a thread waits for does itself, and the one that that one waits for, and so on:
// through locks, pipes, sockets and children. Nil: nobody is known, or nothing can be seen of it. It ends where it
// comes back to a process that it has passed.
func (f *Finder) Chain(from int, wait history.Event, server Server) []history.Link {
	var links []history.Link
	passed := map[int]bool{from: true}
	for range maxChain {
		next := waitsFor(wait)
		if next.PID == 0 {
			return links
		}
		if passed[next.PID] {
			if len(links) > 0 {
				last := &links[len(links)-1]
				last.Ends = next.PID == from
				pipe, ok := wait.(history.PipeWait)
				last.Sole = last.Ends && ok && pipe.Op == "write" && len(pipe.Others) == 1 && pipe.Fill > 0
			}
			return links
		}
		passed[next.PID] = true
		_, child := wait.(history.ChildWait)
		link := history.Link{Peer: next, Child: child}
		wait = f.does(&link, server)
		if link.Idle && wait == nil {
			wait = f.relayed(&link, server)
		}
		links = append(links, link)
		if link.Dead || link.Idle {
			return links
		}
	}
	return links
}

// waitsFor is the process that keeps a wait going; pid 0: none is known.
func waitsFor(wait history.Event) history.Peer {
	switch ev := wait.(type) {
	case history.LockWait:
		for _, h := range ev.Holders {
			if !h.Dead && !ev.Polled {
				return history.Peer{PID: h.PID, Command: h.Command}
			}
		}
	case history.MutexWait:
		if !ev.Dead {
			return ev.Holder
		}
	case history.PipeWait:
		return first(ev.Others)
	case history.SocketWait:
		if !ev.Client {
			return first(ev.Peers)
		}
	case history.ChildWait:
		return ev.Child
	case history.SemaphoreWait:
		return ev.Last
	}
	return history.Peer{}
}

// does says what a process does, by its main thread, and returns what that waits for.
func (f *Finder) does(link *history.Link, server Server) history.Event {
	stat, err := f.fs.Stat(link.PID)
	switch {
	case err != nil || stat.State == 'Z' || stat.State == 'X':
		link.Dead = true
		return nil
	case stat.State == 'T' || stat.State == 't':
		link.Does = "is stopped"
		return nil
	case stat.State == 'R':
		link.Does = "computes"
		return nil
	}
	if title := f.Title(link.PID); title != "" {
		link.Command = title
	}
	call, err := f.fs.Thread(link.PID, link.PID).Call()
	if err != nil {
		return nil
	}
	threads, _ := f.fs.Threads(link.PID)
	a := f.Behind(Subject{
		PID: link.PID, TID: link.PID, Call: call, State: stat.State,
		Wchan: f.fs.Thread(link.PID, link.PID).Wchan(), Stack: f.fs.Thread(link.PID, link.PID).Stack(), Threads: threads,
	}, server)
	link.Idle = a.Idle
	link.Does = doing(call, a)
	return a.Event
}

// doing words what a thread is at.
func doing(c proc.Call, a Answer) string {
	switch ev := a.Event.(type) {
	case history.LockWait:
		return fmt.Sprintf("waits for %s on %s", ev.Lock, path.Base(ev.Path))
	case history.MutexWait:
		if ev.Holder.PID != 0 {
			return fmt.Sprintf("waits for a mutex of pid %d", ev.Holder.PID)
		}
	case history.PipeWait:
		if ev.Op == "write" && !ev.Open {
			return "writes to a full pipe"
		}
		return "waits for a pipe"
	case history.SocketWait:
		if ev.Full {
			return "cannot send to " + ev.Remote
		}
		return fmt.Sprintf("is in %s, waiting for %s", ev.Op, ev.Remote)
	case history.ChildWait:
		return fmt.Sprintf("waits for pid %d (%s)", ev.Child.PID, ev.Child.Command)
	case history.TerminalWait:
		return "waits at the terminal " + ev.Path
	case history.DiskWait:
		return fmt.Sprintf("is in %s on %s", ev.Op, ev.Path)
	}
	switch name := c.Name(); {
	case a.Idle && a.For == forConnections:
		return "waits for connections"
	case a.Idle:
		return "waits for events"
	case c.Running:
		return "computes"
	case name == "clock_nanosleep" || name == "nanosleep":
		return "sleeps (" + name + ")"
	case name != "":
		return "is in " + name
	}
	return "stands still"
}
