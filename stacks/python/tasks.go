package python

const maxTasks = 4096

// pending says whether a future or task of asyncio is not done.
func (r *Reader) pending(future uint64) bool { return r.mem.half(future+r.layout.futureState) == 0 }
