package python

// A threadState is a thread of Python's with what it runs.
type threadState struct {
	at     uint64 // PyThreadState
	tid    int
	ident  uint64 // pthread_self
	frames []stackFrame
	gil    uint64 // the interpreter's lock
	locked bool   // it holds that
	name   string
	object uint64 // threading.Thread
}

// A position is a frame of a thread's.
type position struct{ thread, frame int }
