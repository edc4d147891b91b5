package node

import "github.com/hangtime-dev/hangtime/stacks/foreign"

// An isolate is an instance of V8: of Node.js' main thread here.
type isolate struct {
	isolateLayout
	view *foreign.View
	at   uint64 // its address; 0: it is not known yet
}

// A top is where JavaScript begins and ends on the stack, by the isolate (V8's ThreadLocalTop).
type top struct {
	entry  uint64 // the frame in which C++ called JavaScript first; 0: none is called
	exit   uint64 // the frame in which JavaScript called C++ last; 0: JavaScript runs
	unread bool
}

func (i isolate) top() top {
	first := min(i.exitOffset, i.entryOffset)
	b := i.view.Block(i.at+uint64(first), max(i.exitOffset, i.entryOffset)-first+8)
	return top{entry: b.Word(i.entryOffset - first), exit: b.Word(i.exitOffset - first), unread: b == nil}
}
