package board

// A Task is what the board knows of one.
type Task struct {
	State                    State
	PID                      int
	Worker                   int
	Accepted, Started, Ended int64 // CLOCK_MONOTONIC, nanoseconds; 0: not yet
}

// A TaskTable is the state of every recent task.
type TaskTable struct {
	head   *header
	slots  []slot
	leases []lease
}

// Accept gives out the number of a new task. It never fails and never waits: the oldest task is forgotten for it.
func (t *TaskTable) Accept(o Owner, now int64) uint64 {
	n := t.head.next.Add(1)
	s := &t.slots[n%Tasks]
	s.word.Store(n<<8 | uint64(reserved))
	s.own(o)
	s.holder.Store(0)
	s.tries.Store(0)
	t.leases[n%Tasks].stored.Store(0)
	s.accepted.Store(uint64(now))
	s.started.Store(0)
	s.ended.Store(0)
	s.word.Store(n<<8 | uint64(Accepted))
	return n
}

// Start says that it runs, End that it ended. Both are false when the task is forgotten, and then change nothing.
func (t *TaskTable) Start(n uint64, now int64) bool {
	s := &t.slots[n%Tasks]
	if !s.word.CompareAndSwap(n<<8|uint64(Accepted), n<<8|uint64(Running)) {
		return false
	}
	s.tries.Add(1)
	s.started.Store(uint64(now))
	return true
}

// End records how it ended; that it was done although it had been done before is counted.
func (t *TaskTable) End(n uint64, state State, now int64) bool {
	s := &t.slots[n%Tasks]
	for _, from := range [...]State{Running, Accepted} {
		if s.word.CompareAndSwap(n<<8|uint64(from), n<<8|uint64(state)) {
			s.ended.Store(uint64(now))
			if state == DeadLettered {
				t.head.queued.deadLettered.Add(1)
			}
			return true
		}
	}
	if state == Done && s.word.Load() == n<<8|uint64(Done) {
		t.head.queued.doneTwice.Add(1)
	}
	return false
}

// Get is what is known of task n.
func (t *TaskTable) Get(n uint64) Task {
	if n == 0 || n > t.head.next.Load() {
		return Task{State: Unknown}
	}
	s := &t.slots[n%Tasks]
	for {
		word := s.word.Load()
		if word>>8 != n {
			// A newer task took the slot; or the number was given out this very moment and nobody was told yet.
			return Task{State: Unknown}
		}
		who := s.who.Load()
		read := Task{State: State(word & 0xff), PID: int(who >> 32), Worker: int(uint32(who)),
			Accepted: int64(s.accepted.Load()), Started: int64(s.started.Load()), Ended: int64(s.ended.Load())}
		// Read whole only if nobody took the slot or moved the task meanwhile.
		if s.word.Load() == word {
			return read
		}
	}
}

// Tries is how often task n was started.
func (t *TaskTable) Tries(n uint64) int { return int(t.slots[n%Tasks].tries.Load()) }

// Lose calls every task of a dead worker that had not ended lost, and says how many those were. Only who has waited
// for the process may call it: it must not write any more.
func (t *TaskTable) Lose(owner uint64, now int64) int {
	lost := 0
	next := t.head.next.Load()
	for i := uint64(0); i < min(next, Tasks); i++ {
		s := &t.slots[(next-i)%Tasks]
		if s.owner.Load() != owner {
			continue
		}
		for {
			word := s.word.Load()
			if s.owner.Load() != owner || State(word&0xff).Ended() || word == 0 {
				break
			}
			if s.word.CompareAndSwap(word, word&^0xff|uint64(Lost)) {
				s.ended.Store(uint64(now))
				lost++
				break
			}
		}
	}
	return lost
}
