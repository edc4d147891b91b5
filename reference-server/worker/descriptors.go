package worker

// The descriptors that a worker inherits, in the order of os.ProcAttr.Files.
const (
	fdHeartbeat = 3 // a page of memory, always
	fdBoard     = 4
	fdAlive     = 5 // reads end of file when the arbiter is gone
	fdStatus    = 6 // lines of JSON to the arbiter
	fdTmpfile   = 7 // the heartbeat's file; the null device when the heartbeat is in memory
	fdEngine    = 8 // how to reach the task engine; the null device where there is none
	fdListeners = 9
)
