package run

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A child is a server that hangtime started, and what it says on its standard error.
type child struct {
	pid int
	// Who signals it never reaches another that has its number by now: unlike a bare pid it knows when it was waited
	// for.
	process *os.Process
	ended   chan struct{}    // closed when it was waited for
	state   *os.ProcessState // valid then
	output  io.ReadCloser    // its standard error, which its descendants may hold longer than it
	heard   chan struct{}    // closed when nothing more is read from there

	mu   sync.Mutex
	tail []string // its last lines that are no events: what to show when it fails
}

// startChild starts cmd in a process group of its own: a Ctrl-C at the terminal is for hangtime, which ends its
// server in order. said gets each event that the child tells, on a goroutine of the child. adopt is told the pid
// before anything else happens, so that it is ended even if hangtime is killed.
func startChild(cmd *exec.Cmd, said func(history.ServerSaid), adopt func(int) error) (*child, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	output, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if cmd.Stdout == nil {
		cmd.Stdout = cmd.Stderr
	}
	c := &child{ended: make(chan struct{}), output: output, heard: make(chan struct{})}
	if err := c.spawn(cmd); err != nil {
		return nil, err
	}
	go c.listen(said)
	if err := adopt(c.pid); err != nil {
		if c.gone(lastWordsLimit) { // nothing is left to guard; who waits for it to be ready says how it ended
			return c, nil
		}
		c.end()
		c.hush()
		return nil, fmt.Errorf("put it under guard: %w", err)
	}
	return c, nil
}

// spawn starts the child from a thread that lives until the child was waited for: its parent-death signal is bound to
// the thread that forked it.
func (c *child) spawn(cmd *exec.Cmd) error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		c.pid, c.process = cmd.Process.Pid, cmd.Process
		started <- nil
		// Not cmd.Wait, which closes the pipe: what the child said last may still be in it.
		c.state, _ = c.process.Wait() // an error leaves the state unknown, which is how it is told
		close(c.ended)
	}()
	return <-started
}

// listen turns the child's account, JSON lines, into events until nobody can write any more, or hush.
func (c *child) listen(said func(history.ServerSaid)) {
	defer close(c.heard)
	defer c.output.Close()
	lines := bufio.NewReaderSize(c.output, 64<<10)
	var quota quota
	for {
		line, err := readLine(lines, accountLine)
		if len(line) > 0 {
			if event, ok := parseSaid(line); ok {
				said(event)
			} else {
				c.keep(string(line))
				if event, ok := quota.line(time.Now(), string(line)); ok {
					said(event)
				}
			}
		}
		if err != nil {
			return
		}
	}
}

// accountLine bounds a line of the server's account, in bytes. Of a longer one the beginning is kept, in the server's
// own words.
const accountLine = 1 << 20

// readLine reads a line without its end, and of one longer than most only so much; the rest of it is read and
// dropped. Whoever stopped at one would hear nothing that comes after, or leave the server blocked in write. What
// comes before the end of the stream is a line too.
func readLine(from *bufio.Reader, most int) ([]byte, error) {
	var line []byte
	for {
		part, err := from.ReadSlice('\n')
		line = append(line, part[:min(len(part), most-len(line))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSuffix(line, []byte("\n")), err
		}
	}
}

// lastWordsLimit is how long the words of a child that has ended may take to be read. They are in the pipe by then;
// what follows is a descendant's.
const lastWordsLimit = 200 * time.Millisecond

// listened waits a moment until all was heard that the child said; for ever would be too long where a descendant
// still holds its standard error.
func (c *child) listened() {
	t := time.NewTimer(lastWordsLimit)
	defer t.Stop()
	select {
	case <-c.heard:
	case <-t.C:
	}
}

// hush hears the child out and then listens no more, whoever still could say something.
func (c *child) hush() {
	c.listened()
	_ = c.output.Close()
	<-c.heard
}

// parseSaid reads one line of the server's event log.
func parseSaid(line []byte) (history.ServerSaid, bool) {
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		return history.ServerSaid{}, false
	}
	name, ok := fields["event"].(string)
	if !ok {
		return history.ServerSaid{}, false
	}
	said := history.ServerSaid{Event: name}
	for key, value := range fields {
		switch number, isNumber := value.(float64); {
		case key == "event" || key == "level" || key == "msg":
		case key == "worker" && isNumber:
			said.Worker = int(number)
		case key == "pid" && isNumber:
			said.PID = int(number)
		default:
			if said.Fields == nil {
				said.Fields = map[string]string{}
			}
			if isNumber {
				said.Fields[key] = strconv.FormatFloat(number, 'f', -1, 64)
			} else {
				said.Fields[key] = fmt.Sprint(value)
			}
		}
	}
	return said, true
}

// Bounds of what is recorded of a server's log in its own words: it may write a line for each request.
const (
	linesPerSecond = 20
	lineBytes      = 400
)

// A quota is how many lines of a log were recorded in this second, and how many were not.
type quota struct {
	second  int64
	lines   int
	skipped int
}

// ofProcess is how gunicorn and others begin a line: [2026-01-02 03:04:05 +0000] [4240] [INFO].
var ofProcess = regexp.MustCompile(`^\[[^\]]*\] \[(\d+)\] `)

// line is a line of the log as an event, if there is room for it; the first after some that had none says how many
// these were.
func (q *quota) line(now time.Time, text string) (history.ServerSaid, bool) {
	if second := now.Unix(); second != q.second {
		q.second, q.lines = second, 0
	}
	if text = strings.TrimRight(text, " \r"); text == "" {
		return history.ServerSaid{}, false
	}
	if q.lines++; q.lines > linesPerSecond {
		q.skipped++
		return history.ServerSaid{}, false
	}
	said := history.ServerSaid{Event: history.SaidLine, Fields: map[string]string{}}
	if found := ofProcess.FindStringSubmatch(text); found != nil {
		said.PID, _ = strconv.Atoi(found[1]) // digits; too many for a pid leave it unknown
	}
	if len(text) > lineBytes {
		text = strings.ToValidUTF8(text[:lineBytes], "") + "…"
	}
	if q.skipped > 0 {
		text = fmt.Sprintf("(%d lines before are left out) %s", q.skipped, text)
		q.skipped = 0
	}
	said.Fields["text"] = text
	return said, true
}

const tailLines = 12

func (c *child) keep(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tail = append(c.tail, line)
	if len(c.tail) > tailLines {
		c.tail = c.tail[1:]
	}
}

func (c *child) lastWords() string {
	c.listened()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tail) == 0 {
		return ""
	}
	return "; its last words:\n  " + strings.Join(c.tail, "\n  ")
}

// How long a server may take to leave when asked.
const (
	leaveLimit = 4 * time.Second
	quitLimit  = 2 * time.Second
)

// end ends it: TERM, then QUIT, then KILL. It is safe when the child has already gone.
func (c *child) end() {
	for _, step := range []struct {
		signal syscall.Signal
		limit  time.Duration
	}{{syscall.SIGTERM, leaveLimit}, {syscall.SIGQUIT, quitLimit}, {syscall.SIGKILL, quitLimit}} {
		if c.gone(0) {
			return
		}
		// A stopped arbiter would never see the signal. That it has gone meanwhile is no error.
		_ = c.process.Signal(syscall.SIGCONT)
		_ = c.process.Signal(step.signal)
		if c.gone(step.limit) {
			return
		}
	}
}

// gone waits up to limit for its end.
func (c *child) gone(limit time.Duration) bool {
	select {
	case <-c.ended:
		return true
	default:
	}
	if limit == 0 {
		return false
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-c.ended:
		return true
	case <-t.C:
		return false
	}
}
