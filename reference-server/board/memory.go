package board

import "sync/atomic"

// Tasks is how many tasks are remembered. The state of the last Tasks accepted ones is exact however old they are;
// one more makes the oldest forgotten, whatever its state: it is `unknown` from then on, and should it still be
// running its end is not recorded.
const Tasks = 1 << 18

// A header is what the memory begins with: what there is once.
type header struct {
	nonce  atomic.Uint64 // makes ids of an earlier server unknown to this one
	next   atomic.Uint64 // number of the newest task
	owners atomic.Uint64 // number of the newest worker process
	target atomic.Uint64 // workers that there should be
	start  atomic.Uint64 // when the arbiter started, CLOCK_MONOTONIC
	parent atomic.Uint64 // its pid
	queued queued
	_      [2]uint64
}

// A slot holds one task. word is its number and state together, so that one compare-and-swap decides between its
// worker, which ends it, the arbiter, which calls it lost, and a newer task, which takes the slot.
type slot struct {
	word     atomic.Uint64 // number<<8 | state
	owner    atomic.Uint64
	who      atomic.Uint64 // pid<<32 | place
	accepted atomic.Uint64 // CLOCK_MONOTONIC, nanoseconds
	started  atomic.Uint64
	ended    atomic.Uint64
	holder   atomic.Uint64 // number of the worker process that an engine has lent it to; 0: none
	tries    atomic.Uint64 // how often it was started
}

// own notes whose the task is.
func (s *slot) own(o Owner) {
	s.owner.Store(o.Number)
	s.who.Store(uint64(o.PID)<<32 | uint64(uint32(o.Place)))
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

// queued is what is known of the engine's queue. The arbiter writes the first group, the workers count the second.
type queued struct {
	at       atomic.Uint64 // when the engine was asked last, CLOCK_MONOTONIC in nanoseconds; 0: there is no engine
	depth    atomic.Uint64
	inFlight atomic.Uint64
	oldest   atomic.Uint64 // nanoseconds

	redelivered  atomic.Uint64
	deadLettered atomic.Uint64
	doneTwice    atomic.Uint64

	vanished atomic.Uint64 // times that the engine's queue was found to be gone with all that it held
}
