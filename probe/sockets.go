package probe

import (
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// readSockets reads the server's sockets, all of them where a worker has one that is not known yet.
func (w *watcher) readSockets(now time.Time) {
	if w.sockets == nil {
		return
	}
	ran, due := false, w.unmet[:0]
	for _, one := range w.workers {
		ran = ran || one.ran
		one.unmet = one.unmet || one.ran || len(one.strangers) > 0
		if !one.over && one.unmet && !now.Before(one.fdsAfter) {
			due = append(due, one)
		}
	}
	w.unmet = due
	news := false
	for _, one := range w.readInodes(due) {
		one.unmet = false
		news = w.meet(one) || news
	}
	if err := w.sockets.refresh(now, ran && w.blind, news, w.owners); err != nil {
		w.trouble("read the server's sockets", err)
	}
	if news {
		for _, one := range w.workers {
			for _, inode := range one.strangers {
				w.sockets.introduce(inode, one.PID)
			}
			one.strangers = one.strangers[:0]
		}
	}
	if waiting, limit, listening := w.sockets.backlog(); listening {
		w.backlog = waiting
		w.backlogTicks++
		if waiting == 0 {
			w.backlogTicks = 0
		}
		w.rec.Record(history.Listener{Address: w.target.Address, Backlog: waiting, Limit: limit})
	}
}

// fdsPause bounds how long the descriptors of a worker that ran are not gone through again.
const fdsPause = 300 * time.Millisecond

// readInodes reads which sockets each of these workers has, and returns those of which it could.
func (w *watcher) readInodes(due []*worker) []*worker {
	if len(due) == 0 {
		return nil
	}
	began := time.Now()
	if w.takeInodes(due) {
		pause := min(500*time.Since(began), fdsPause) // at most a five hundredth of a processor
		for _, one := range due {
			one.fdsAfter = began.Add(pause)
		}
		w.blind = false
		return due
	}
	count := len(due)
	read := due[:0]
	for _, one := range due {
		at := time.Now()
		if w.ownInodes(one) {
			read = append(read, one)
		}
		one.fdsAfter = at.Add(min(100*time.Since(at), fdsPause)) // at most one percent of a processor for each
	}
	w.blind = len(read) < count
	w.bulk.scanEach.note(time.Since(began) / time.Duration(count))
	return read
}

// ownInodes reads which sockets a worker has from its folder of descriptors.
func (w *watcher) ownInodes(one *worker) bool {
	one.inodes = one.inodes[:0]
	err := one.fds.Links(w.proc, one.PID, func(link []byte) {
		if inode, ok := proc.SocketInode(link); ok {
			one.inodes = append(one.inodes, inode)
		}
	})
	if err != nil {
		w.unreadable(err, "the descriptors of the workers")
	}
	return err == nil
}

// meet goes through the sockets that a worker has, which cannot be others than before as long as none of its threads runs, and says whether one is not known that was
// there at the tick before: most connections are over by then, and to read all is dear.
func (w *watcher) meet(one *worker) (news bool) {
	before := len(one.strangers)
	for _, inode := range one.inodes {
		switch {
		case w.sockets.foreign[inode]:
		case w.sockets.sockets[inode] != nil:
			w.sockets.own(inode, one.PID)
		default:
			news = news || slices.Contains(one.strangers[:before], inode)
			one.strangers = append(one.strangers, inode)
		}
	}
	one.strangers = slices.Delete(one.strangers, 0, before)
	return news
}

// owners goes through the sockets of all workers.
func (w *watcher) owners(found func(inode uint32, pid int)) {
	for _, one := range w.workers {
		if one.over || !w.ownInodes(one) {
			continue
		}
		for _, inode := range one.inodes {
			found(inode, one.PID)
		}
	}
}
