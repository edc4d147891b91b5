package board

import "sync/atomic"

// tokenSize is how long the token of a delivery may be, bytes; a longer one is not kept, and its task comes back when
// the engine has waited for its answer as long as it waits.
const tokenSize = 104

// A lease is what an engine that lends tasks to workers needs to know of one beside its slot. Only who holds the task
// writes it; the arbiter reads it when that process has ended.
type lease struct {
	renewed atomic.Uint64 // when its worker's loop last turned with it, CLOCK_MONOTONIC in nanoseconds
	key     atomic.Uint64 // hash of the client's own name for the task; 0: none
	stored  atomic.Uint64 // the how-manyth queue of the engine's has it, from 1; 0: none has
	length  atomic.Uint64 // of the token, bytes
	token   [tokenSize]byte
}

// Stored says that the engine has task n: its request may be told so.
func (b *Board) Stored(n uint64) { b.leases[n%Tasks].stored.Store(b.head.queued.vanished.Load() + 1) }

// Gone says that the engine had task n and has it no more, and nobody told it that the task has ended.
func (b *Board) Gone(n uint64) bool {
	stored := b.leases[n%Tasks].stored.Load()
	return stored > 0 && stored <= b.head.queued.vanished.Load()
}

// Vanish says that the engine's queue is gone. What was in it and is in no worker is lost; it gives how many those are.
func (b *Board) Vanish(now int64) int {
	b.head.queued.vanished.Add(1)
	lost := 0
	next := b.head.next.Load()
	for i := uint64(0); i < min(next, Tasks); i++ {
		n := next - i
		if s := &b.slots[n%Tasks]; s.holder.Load() == 0 && b.Gone(n) && s.lose(n, now) {
			lost++
		}
	}
	return lost
}

// lose calls task n lost; false: it had ended.
func (s *slot) lose(n uint64, now int64) bool {
	word := s.word.Load()
	if word>>8 != n || State(word&0xff).Ended() || !s.word.CompareAndSwap(word, n<<8|uint64(Lost)) {
		return false
	}
	s.ended.Store(uint64(now))
	return true
}

// Hold says that an engine has lent task n to a worker; token is what the engine wants to hear to have it back. It is
// false, and changes nothing, when the task has ended (one that was lost is found again) or when it runs in a worker whose loop turned since fresh.
func (b *Board) Hold(n uint64, o Owner, token string, now, fresh int64) bool {
	s, l := &b.slots[n%Tasks], &b.leases[n%Tasks]
	word := s.word.Load()
	if state := State(word & 0xff); word>>8 != n || state.Ended() && state != Lost {
		return false
	}
	if holder := s.holder.Load(); holder != 0 {
		if int64(l.renewed.Load()) >= fresh {
			return false
		}
		b.head.queued.redelivered.Add(1)
	} else if s.tries.Load() > 0 {
		b.head.queued.redelivered.Add(1)
	}
	if !s.word.CompareAndSwap(word, n<<8|uint64(Accepted)) {
		return false
	}
	s.holder.Store(0) // whoever reads meanwhile takes no half of a token
	l.length.Store(0)
	if len(token) <= tokenSize {
		copy(l.token[:], token)
		l.length.Store(uint64(len(token)))
	}
	l.renewed.Store(uint64(now))
	s.own(o)
	s.holder.Store(o.Number)
	return true
}

// Renew says that the loop of the worker that holds task n turns.
func (b *Board) Renew(n uint64, now int64) { b.leases[n%Tasks].renewed.Store(uint64(now)) }

// Drop says that a worker holds task n no more: it has ended, or waits for its next try.
func (b *Board) Drop(n uint64, o Owner) {
	s := &b.slots[n%Tasks]
	if s.word.Load()>>8 != n || s.holder.Load() != o.Number {
		return
	}
	s.holder.Store(0)
	if s.word.CompareAndSwap(n<<8|uint64(Running), n<<8|uint64(Accepted)) || s.word.Load() == n<<8|uint64(Accepted) {
		s.own(Owner{})
	}
}

// Tries is how often task n was started.
func (b *Board) Tries(n uint64) int { return int(b.slots[n%Tasks].tries.Load()) }

// A Loan is a task that a dead worker held.
type Loan struct {
	Token string
	Ended bool // it was done or given up, and the engine may not know it yet
}

// Release takes from a dead worker what an engine had lent to it; what the engine has no more is lost. Only who has waited for the process may call it.
func (b *Board) Release(owner uint64, now int64) []Loan {
	var loans []Loan
	next := b.head.next.Load()
	for i := uint64(0); i < min(next, Tasks); i++ {
		n := next - i
		s, l := &b.slots[n%Tasks], &b.leases[n%Tasks]
		if s.holder.Load() != owner {
			continue
		}
		if b.Gone(n) && s.lose(n, now) {
			s.holder.Store(0)
			continue
		}
		state := State(s.word.Load() & 0xff)
		// One that was dead-lettered is given out again, and put aside by whoever gets it, should its worker not have.
		if length := l.length.Load(); length > 0 && length <= tokenSize && state != DeadLettered {
			loans = append(loans, Loan{Token: string(l.token[:length]), Ended: state.Ended()})
		}
		b.Drop(n, Owner{Number: owner})
	}
	return loans
}

// SetKey notes the hash of the client's own name for task n.
func (b *Board) SetKey(n, hash uint64) { b.leases[n%Tasks].key.Store(hash) }

// Keyed is the newest task with such a name that was run to an end; 0: none is remembered. One that has not ended may
// be of a worker that died before the engine had it.
func (b *Board) Keyed(hash uint64) uint64 {
	next := b.head.next.Load()
	for i := uint64(0); i < min(next, Tasks); i++ {
		n := next - i
		if b.leases[n%Tasks].key.Load() != hash {
			continue
		}
		if state := b.Get(n).State; state == Done || state == TimedOut || state == DeadLettered {
			return n
		}
	}
	return 0
}

// Open is the oldest task with such a name that was accepted or runs, other than own; 0: there is none.
func (b *Board) Open(hash, own uint64) (oldest uint64) {
	next := b.head.next.Load()
	for i := uint64(0); i < min(next, Tasks); i++ {
		n := next - i
		if n == own || b.leases[n%Tasks].key.Load() != hash {
			continue
		}
		if state := b.Get(n).State; state == Accepted || state == Running {
			oldest = n
		}
	}
	return oldest
}
