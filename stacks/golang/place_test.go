package golang

import (
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// library are frames of which those of package main are the application's.
func library(names ...string) (frames []stacks.Frame) {
	for _, name := range names {
		frames = append(frames, stacks.Frame{Function: name, Library: len(name) < 5 || name[:5] != "main."})
	}
	return frames
}

func TestWhatWasCalledIsTheInnermostFrame(t *testing.T) {
	for name, row := range map[string]struct {
		frames []stacks.Frame
		want   string
	}{
		"a wait group": {library("runtime.gopark", "runtime.goparkunlock", "runtime.semacquire1",
			"sync.runtime_SemacquireWaitGroup", "sync.(*WaitGroup).Wait", "main.gather"), "sync.(*WaitGroup).Wait"},
		"a channel": {library("runtime.gopark", "runtime.chanrecv", "runtime.chanrecv1", "main.next"), "runtime.chanrecv1"},
		"a connection": {library("runtime.gopark", "runtime.netpollblock", "internal/poll.runtime_pollWait",
			"internal/poll.(*pollDesc).wait", "main.ask"), "internal/poll.(*pollDesc).wait"},
		"the application's own":   {library("main.count", "main.main"), "main.count"},
		"the runtime's goroutine": {library("runtime.gopark", "runtime.bgsweep"), "runtime.bgsweep"},
	} {
		if got := called(row.frames); len(got) == 0 || got[0].Function != row.want {
			t.Errorf("%s: %v, want %s first", name, got, row.want)
		}
	}
}

func TestPlaces(t *testing.T) {
	for name, row := range map[string]struct {
		frames []stacks.Frame
		want   place
	}{
		"an accept loop of the application's own waits for the next connection": {
			library("runtime.gopark", "internal/poll.(*FD).Accept", "net.(*netFD).accept", "net.(*TCPListener).Accept",
				"main.main"), place{idle: true},
		},
		"a connection that was served waits for its next request": {
			library("runtime.gopark", "net.(*conn).Read", "bufio.(*Reader).fill", "bufio.(*Reader).Peek",
				"net/http.(*conn).serve"), place{idle: true, pool: true},
		},
		"a handler that peeks at its body does not": {
			library("runtime.gopark", "net.(*conn).Read", "bufio.(*Reader).Peek", "main.handle",
				"net/http.(*conn).serve"), place{pool: true},
		},
		"a handler that accepts inside of a request is not idle for the frames outside of it": {
			library("runtime.gopark", "runtime.chanrecv1", "main.handle", "net/http.(*conn).readRequest",
				"net/http.(*conn).serve"), place{pool: true},
		},
		"a query waits for a free connection": {
			library("runtime.gopark", "runtime.selectgo", "database/sql.(*DB).conn", "database/sql.(*DB).query",
				"main.handle"), place{on: "pool"},
		},
		"a pool that opens a connection does not wait for a free one": {
			library("runtime.gopark", "internal/poll.(*FD).Read", "net.(*conn).Read", "driver.Open",
				"database/sql.(*DB).conn", "main.handle"), place{},
		},
		"pgx waits for its pool by a semaphore": {
			library("runtime.selectgo", "golang.org/x/sync/semaphore.(*Weighted).Acquire", "main.handle"),
			place{on: "semaphore"},
		},
		"a mutex within another library is no more than that": {
			library("runtime.semacquire1", "internal/sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock",
				"sync.(*Once).doSlow", "main.handle"), place{on: "lock"},
		},
		"a descriptor's own lock": {
			library("runtime.semacquire1", "internal/poll.runtime_Semacquire", "internal/poll.(*fdMutex).rwlock",
				"internal/poll.(*FD).Write", "os.(*File).Write", "main.log"),
			place{on: "lock", file: true},
		},
	} {
		if got := placeOf(row.frames); got != row.want {
			t.Errorf("%s: got %+v, want %+v", name, got, row.want)
		}
	}
}
