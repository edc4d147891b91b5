package board

// A LeaseTable is which tasks an engine has lent to which worker, and which ones it still has.
type LeaseTable struct {
	head   *header
	slots  []slot
	leases []lease
}

// Stored says that the engine has task n: its request may be told so.
func (t *LeaseTable) Stored(n uint64) {
	t.leases[n%Tasks].stored.Store(t.head.queued.vanished.Load() + 1)
}

// Gone says that the engine had task n and has it no more, and nobody told it that the task has ended.
func (t *LeaseTable) Gone(n uint64) bool {
	stored := t.leases[n%Tasks].stored.Load()
	return stored > 0 && stored <= t.head.queued.vanished.Load()
}

// Vanish says that the engine's queue is gone. What was in it and is in no worker is lost; it gives how many those are.
func (t *LeaseTable) Vanish(now int64) int {
	t.head.queued.vanished.Add(1)
	lost := 0
	next := t.head.next.Load()
	for i := uint64(0); i < min(next, Tasks); i++ {
		n := next - i
		if s := &t.slots[n%Tasks]; s.holder.Load() == 0 && t.Gone(n) && s.lose(n, now) {
			lost++
		}
	}
	return lost
}

// Hold says that an engine has lent task n to a worker; token is what the engine wants to hear to have it back. It is
// false, and changes nothing, when the task has ended (one that was lost is found again) or when it runs in a worker whose loop turned since fresh.
func (t *LeaseTable) Hold(n uint64, o Owner, token string, now, fresh int64) bool {
	s, l := &t.slots[n%Tasks], &t.leases[n%Tasks]
	word := s.word.Load()
	if state := State(word & 0xff); word>>8 != n || state.Ended() && state != Lost {
		return false
	}
	if holder := s.holder.Load(); holder != 0 {
		if int64(l.renewed.Load()) >= fresh {
			return false
		}
		t.head.queued.redelivered.Add(1)
	} else if s.tries.Load() > 0 {
		t.head.queued.redelivered.Add(1)
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
func (t *LeaseTable) Renew(n uint64, now int64) { t.leases[n%Tasks].renewed.Store(uint64(now)) }

// Drop says that a worker holds task n no more: it has ended, or waits for its next try.
func (t *LeaseTable) Drop(n uint64, o Owner) {
	s := &t.slots[n%Tasks]
	if s.word.Load()>>8 != n || s.holder.Load() != o.Number {
		return
	}
	s.holder.Store(0)
	if s.word.CompareAndSwap(n<<8|uint64(Running), n<<8|uint64(Accepted)) || s.word.Load() == n<<8|uint64(Accepted) {
		s.own(Owner{})
	}
}

// A Loan is a task that a dead worker held.
type Loan struct {
	Token string
	Ended bool // it was done or given up, and the engine may not know it yet
}

// Release takes from a dead worker what an engine had lent to it; what the engine has no more is lost. Only who has waited for the process may call it.
func (t *LeaseTable) Release(owner uint64, now int64) []Loan {
	var loans []Loan
	next := t.head.next.Load()
	for i := uint64(0); i < min(next, Tasks); i++ {
		n := next - i
		s, l := &t.slots[n%Tasks], &t.leases[n%Tasks]
		if s.holder.Load() != owner {
			continue
		}
		if t.Gone(n) && s.lose(n, now) {
			s.holder.Store(0)
			continue
		}
		state := State(s.word.Load() & 0xff)
		// One that was dead-lettered is given out again, and put aside by whoever gets it, should its worker not have.
		if length := l.length.Load(); length > 0 && length <= tokenSize && state != DeadLettered {
			loans = append(loans, Loan{Token: string(l.token[:length]), Ended: state.Ended()})
		}
		t.Drop(n, Owner{Number: owner})
	}
	return loans
}
