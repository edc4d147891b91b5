package arbiter

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
)

// A born child is one process with what the arbiter needs to know it by.
type born struct {
	process *os.Process
	page    *heartbeat.Page
	tmpfile *os.File
	status  *os.File
}

// release gives back what a child that never came to be was to have.
func (b *born) release() {
	if b.page != nil {
		_ = b.page.Unmap()
	}
	for _, f := range []*os.File{b.tmpfile, b.status} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// A child is one worker as the arbiter knows it.
type child struct {
	born
	pid      int
	place    int
	age      int
	owner    uint64
	started  int64
	ready    bool
	leaving  bool  // it was told to leave
	old      bool  // it was started before the last reload: it leaves as soon as the new ones are ready
	deadline int64 // when it is killed; 0: not
}

// A news is a line that a child said, or, after all of these, how it ended. Both come over one channel, so that the
// end cannot overtake what was said before it.
type news struct {
	child  *child
	fields map[string]any
	ended  bool
	state  *os.ProcessState // nil: it is not known
}

// follow passes on what the child says, to its last line, and then how it ended; it is the only one that waits for
// this child, and Run is over only when it has ended. Nobody but the child has the other end of the pipe: what a
// worker starts does not inherit it.
func (c *child) follow(to chan<- news) {
	lines := bufio.NewScanner(c.status)
	for lines.Scan() {
		var fields map[string]any
		if json.Unmarshal(lines.Bytes(), &fields) == nil {
			to <- news{child: c, fields: fields}
		}
	}
	_ = c.status.Close()         // it was only read
	state, _ := c.process.Wait() // without a state it is gone all the same
	to <- news{child: c, ended: true, state: state}
}

func (c *child) signal(account *Account, s syscall.Signal) {
	if s != syscall.SIGUSR1 {
		account.Say("info", "worker-signalled", Fields{"worker": c.place, "pid": c.pid, "signal": unix.SignalName(s)})
	}
	if err := c.process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		account.Say("error", "worker-signal-failed",
			Fields{"worker": c.place, "pid": c.pid, "signal": unix.SignalName(s), "reason": err.Error()})
	}
}
