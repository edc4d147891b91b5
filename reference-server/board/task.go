package board

import (
	"fmt"
	"strconv"
	"strings"
)

// A State is how far a task has come.
type State uint8

// The states. From Done on a task has ended.
const (
	reserved State = iota // its slot is being written
	Accepted
	Running
	Done
	Failed
	TimedOut
	DeadLettered // it was tried as often as it may be, and put aside
	Lost         // its worker died before it ended
	Unknown      // not remembered, or never given out
)

var names = [...]string{"accepted", "accepted", "running", "done", "failed", "timed-out", "dead-lettered", "lost", "unknown"}

func (s State) String() string { return names[min(int(s), len(names)-1)] }

// Ended says whether nothing will happen to it any more.
func (s State) Ended() bool { return s >= Done && s <= Lost }

// An Owner is a worker process that accepts tasks.
type Owner struct {
	Number uint64
	PID    int
	Place  int
}

// A Task is what the board knows of one.
type Task struct {
	State                    State
	PID                      int
	Worker                   int
	Accepted, Started, Ended int64 // CLOCK_MONOTONIC, nanoseconds; 0: not yet
}

// Accept gives out the number of a new task. It never fails and never waits: the oldest task is forgotten for it.
func (b *Board) Accept(o Owner, now int64) uint64 {
	n := b.head.next.Add(1)
	s := &b.slots[n%Tasks]
	s.word.Store(n<<8 | uint64(reserved))
	s.own(o)
	s.holder.Store(0)
	s.tries.Store(0)
	b.leases[n%Tasks].stored.Store(0)
	s.accepted.Store(uint64(now))
	s.started.Store(0)
	s.ended.Store(0)
	s.word.Store(n<<8 | uint64(Accepted))
	return n
}

func (s *slot) own(o Owner) {
	s.owner.Store(o.Number)
	s.who.Store(uint64(o.PID)<<32 | uint64(uint32(o.Place)))
}

// Start says that it runs, End that it ended. Both are false when the task is forgotten, and then change nothing.
func (b *Board) Start(n uint64, now int64) bool {
	s := &b.slots[n%Tasks]
	if !s.word.CompareAndSwap(n<<8|uint64(Accepted), n<<8|uint64(Running)) {
		return false
	}
	s.tries.Add(1)
	s.started.Store(uint64(now))
	return true
}

// End records how it ended; that it was done although it had been done before is counted.
func (b *Board) End(n uint64, state State, now int64) bool {
	s := &b.slots[n%Tasks]
	for _, from := range [...]State{Running, Accepted} {
		if s.word.CompareAndSwap(n<<8|uint64(from), n<<8|uint64(state)) {
			s.ended.Store(uint64(now))
			if state == DeadLettered {
				b.head.queued.deadLettered.Add(1)
			}
			return true
		}
	}
	if state == Done && s.word.Load() == n<<8|uint64(Done) {
		b.head.queued.doneTwice.Add(1)
	}
	return false
}

// Get is what is known of task n.
func (b *Board) Get(n uint64) Task {
	if n == 0 || n > b.head.next.Load() {
		return Task{State: Unknown}
	}
	s := &b.slots[n%Tasks]
	for {
		word := s.word.Load()
		if word>>8 != n {
			// A newer task took the slot; or the number was given out this very moment and nobody was told yet.
			return Task{State: Unknown}
		}
		who := s.who.Load()
		t := Task{State: State(word & 0xff), PID: int(who >> 32), Worker: int(uint32(who)),
			Accepted: int64(s.accepted.Load()), Started: int64(s.started.Load()), Ended: int64(s.ended.Load())}
		// Read whole only if nobody took the slot or moved the task meanwhile.
		if s.word.Load() == word {
			return t
		}
	}
}

// Lose calls every task of a dead worker that had not ended lost, and says how many those were. Only who has waited
// for the process may call it: it must not write any more.
func (b *Board) Lose(owner uint64, now int64) int {
	lost := 0
	next := b.head.next.Load()
	for i := uint64(0); i < min(next, Tasks); i++ {
		s := &b.slots[(next-i)%Tasks]
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

// ID is the name of task n for the outside, and Number the way back; ok is false for what this server never gave out.
func (b *Board) ID(n uint64) string { return string(b.AppendID(nil, n)) }

// AppendID appends the name of task n.
func (b *Board) AppendID(to []byte, n uint64) []byte {
	to = strconv.AppendUint(to, b.head.nonce.Load(), 36)
	to = append(to, '-')
	return strconv.AppendUint(to, n, 10)
}

// Number is the task that an id names.
func (b *Board) Number(id string) (n uint64, err error) {
	nonce, number, ok := strings.Cut(id, "-")
	if !ok {
		return 0, fmt.Errorf("want an id such as %s, got %q", b.ID(1), id)
	}
	given, err1 := strconv.ParseUint(nonce, 36, 64)
	n, err2 := strconv.ParseUint(number, 10, 56)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("want an id such as %s, got %q", b.ID(1), id)
	}
	if given != b.head.nonce.Load() {
		return 0, nil // of another server: unknown
	}
	return n, nil
}
