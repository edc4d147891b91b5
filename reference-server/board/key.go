package board

// A KeyTable is the clients' own names for tasks, by their hashes.
type KeyTable struct {
	head   *header
	leases []lease
	tasks  *TaskTable
}

// Set notes the hash of the client's own name for task n.
func (k *KeyTable) Set(n, hash uint64) { k.leases[n%Tasks].key.Store(hash) }

// Ended is the newest task with such a name that was run to an end; 0: none is remembered. One that has not ended may
// be of a worker that died before the engine had it.
func (k *KeyTable) Ended(hash uint64) uint64 {
	next := k.head.next.Load()
	for i := uint64(0); i < min(next, Tasks); i++ {
		n := next - i
		if k.leases[n%Tasks].key.Load() != hash {
			continue
		}
		if state := k.tasks.Get(n).State; state == Done || state == TimedOut || state == DeadLettered {
			return n
		}
	}
	return 0
}

// Open is the oldest task with such a name that was accepted or runs, other than own; 0: there is none.
func (k *KeyTable) Open(hash, own uint64) (oldest uint64) {
	next := k.head.next.Load()
	for i := uint64(0); i < min(next, Tasks); i++ {
		n := next - i
		if n == own || k.leases[n%Tasks].key.Load() != hash {
			continue
		}
		if state := k.tasks.Get(n).State; state == Accepted || state == Running {
			oldest = n
		}
	}
	return oldest
}
