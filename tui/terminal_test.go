package tui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"github.com/hangtime-dev/hangtime/report"
)

// A session is a screen on a real pseudo-terminal, with an emulator at the other end.
type session struct {
	t       *testing.T
	m       *model
	program *tea.Program
	master  *os.File
	ended   chan struct{}

	mu     sync.Mutex // over what follows; the emulator's own safe form leaves String out
	screen *vt.Emulator
	raw    bytes.Buffer
}

// lastWord ends draw: no screen writes it.
const lastWord = 0

func startSession(t *testing.T, m *model, w, h int) *session {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Cols: uint16(w), Rows: uint16(h)}); err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, m: m, master: master, ended: make(chan struct{}), screen: vt.NewEmulator(w, h)}
	ctx, cancel := context.WithCancel(t.Context())
	s.program = newProgram(m, nameless{tty}, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithInput(nameless{tty}),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor"}))
	var tasks sync.WaitGroup
	tasks.Go(func() {
		defer close(s.ended)
		_, _ = s.program.Run() // ended by the context it returns an error
	})
	tasks.Go(func() { s.draw() })
	// What a terminal answers when it is asked who it is.
	tasks.Go(func() { _, _ = io.Copy(master, s.screen) })
	t.Cleanup(func() {
		s.program.Quit()
		<-s.ended
		cancel()
		// The reader of the master waits in the kernel: a last word from the other side ends it. That side is left to
		// the garbage collector, for the program's reader may be about to end.
		_, _ = tty.Write([]byte{lastWord})
		_ = s.screen.InputPipe().(io.Closer).Close()
		tasks.Wait()
		_ = s.screen.Close()
		_ = master.Close()
	})
	return s
}

// nameless is a terminal as Bubble Tea wants it, but no file that could be polled: Bubble Tea closes its poller at
// the end without waiting for who reads from it, which the race detector sees now and then. What is read from this
// one ends with the terminal.
type nameless struct{ tty *os.File }

func (n nameless) Read(b []byte) (int, error)  { return n.tty.Read(b) }
func (n nameless) Write(b []byte) (int, error) { return n.tty.Write(b) }
func (n nameless) Close() error                { return n.tty.Close() }
func (n nameless) Fd() uintptr                 { return n.tty.Fd() }

func (s *session) draw() {
	buf := make([]byte, 32<<10)
	for {
		n, err := s.master.Read(buf)
		s.mu.Lock()
		_, _ = s.screen.Write(buf[:n])
		s.raw.Write(buf[:n])
		s.mu.Unlock()
		if err != nil || bytes.IndexByte(buf[:n], lastWord) >= 0 {
			return
		}
	}
}

func (s *session) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()
}

func (s *session) sent() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}

// wait waits until something holds; the limit is only there so that a broken screen ends the test.
func (s *session) wait(what string, holds func() bool) {
	s.t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("%s never came; the screen:\n%s", what, s.text())
		}
	}
}

func (s *session) see(text string) {
	s.t.Helper()
	s.wait(fmt.Sprintf("%q", text), func() bool { return strings.Contains(s.text(), text) })
}

func (s *session) press(keys string) {
	s.t.Helper()
	if _, err := s.master.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// calls are what the screen asked of the run.
type calls struct {
	mu  sync.Mutex
	all []string
}

func (c *calls) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

func (c *calls) has(call string) func() bool {
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, one := range c.all {
			if one == call {
				return true
			}
		}
		return false
	}
}

func (c *calls) controls() Controls {
	return Controls{
		Stop: func() {
			c.add("stop")
		}, SetRate: func(r float64) { c.add("rate %.0f", r) }, Kill: func(p int) { c.add("kill %d", p) },
		StopCont: func(p int) { c.add("freeze %d", p) }, HoldLock: func() { c.add("lock") },
	}
}

const (
	keyUp, keyDown, keyRight, keyLeft = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	keyPageUp, keyPageDown            = "\x1b[5~", "\x1b[6~"
	keyFarRight, keyFarLeft           = "\x1b[1;2C", "\x1b[1;2D"
	keyHome, keyEnd, keyEsc           = "\x1b[H", "\x1b[F", "\x1b"
)

// A stroke is a key and what must be seen after it: on the screen, sent to the terminal, or asked of the run.
type stroke struct {
	action action
	keys   string
	see    string
	sent   string
	called string
}

func (s *session) strike(c *calls, all []stroke, struck map[action]bool) {
	s.t.Helper()
	for _, one := range all {
		s.press(one.keys)
		struck[one.action] = true
		if one.see != "" {
			s.see(one.see)
		}
		if one.sent != "" {
			s.wait(fmt.Sprintf("%q to the terminal", one.sent), func() bool { return strings.Contains(s.sent(), one.sent) })
		}
		if one.called != "" {
			s.wait("the call "+one.called, c.has(one.called))
		}
	}
}

// Every key does on a real terminal what the help says; a binding that is not in these tables fails the test.
func TestEveryKey(t *testing.T) {
	struck := map[action]bool{}
	t.Run("of a run", func(t *testing.T) { strikeRun(t, struck) })
	t.Run("of a replay", func(t *testing.T) { strikeReplay(t, struck) })
	t.Run("of the home screen", func(t *testing.T) { strikeHome(t, struck) })
	m, err := newModel(nil, Controls{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range m.keys {
		if !struck[b.action] {
			t.Errorf("the key of %s was never pressed", b.action)
		}
	}
}

func strikeRun(t *testing.T, struck map[action]bool) {
	c := &calls{}
	m, err := newModel(still{reportAt(t, contention, hanging)}, c.controls(), Options{
		Theme: "dark", Refresh: 20 * time.Millisecond,
		Write: func(*report.Report) (string, error) { return "here.html", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	s := startSession(t, m, 80, 24)
	s.see("▸ 1 7593")
	s.strike(c, []stroke{
		{action: doDown, keys: keyDown, see: "▸ 2 7596"},
		{action: doDown, keys: "j", see: "▸ 3 7598"},
		{action: doUp, keys: keyUp, see: "▸ 2 7596"},
		{action: doBottom, keys: keyEnd, see: "▸ 4 7604"},
		{action: doTop, keys: keyHome, see: "▸ 1 7593"},
		{action: doPageUp, keys: keyPageUp, see: "later"},
		{action: doPageDown, keys: keyPageDown, see: "#1 the guide"},
		{action: doOpen, keys: "\r", see: "waits for"},
		{action: doBack, keys: keyEsc, see: "story"},
		{action: doIncident, keys: "i", see: "incident 1 of 1"},
		{action: doCopy, keys: "c", sent: "\x1b]52;c;"},
		{action: doBack, keys: keyEsc, see: "story"},
		{action: doVerdict, keys: "v", see: "longest stall"},
		{action: doVerdict, keys: "v", see: "story"},
		{action: doVariant, keys: "\t", see: "only one variant so far"},
		{action: doOrder, keys: "o", see: "workers by place"},
		{action: doDown, keys: "j", see: "▸ 2 7596"},
		{action: doUp, keys: "k", see: "▸ 1 7593"},
		{action: doKill, keys: "K", see: "kill: worker 1, pid 7593?"},
		{action: doKill, keys: "\r", see: "nothing was done"}, // only y is yes
		{action: doKill, keys: "K", see: "kill: worker 1, pid 7593?"},
		{action: doKill, keys: "y", see: "kill: worker 1", called: "kill 1"},
		{action: doStop, keys: "S", see: "stop for a while: worker 1, pid 7593?"},
		{action: doStop, keys: "y", see: "stop for a while: worker 1", called: "freeze 1"},
		{action: doLock, keys: "L", see: "hold the lock of the task log for a while?"},
		{action: doLock, keys: "Y", see: "hold the lock", called: "lock"},
		{action: doFaster, keys: "+", see: "load set to", called: "rate 249"},
		{action: doSlower, keys: "-", see: "load set to", called: "rate 199"},
		{action: doPause, keys: "p", see: "load paused", called: "rate 0"},
		{action: doPause, keys: "p", see: "load set to 199", called: "rate 199"},
		{action: doWrite, keys: "w", see: "written: here.html"},
		{action: doCopy, keys: "y", see: "copied 1 line"},
		{action: doHelp, keys: "?", see: "any other key goes back"},
		{action: doBack, keys: "x", see: "story"},
		{action: doFilter, keys: "/7598\r", see: "workers (1 of 4)"},
		{action: doBack, keys: keyEsc, see: "▸ 1 7593"},
		{action: doPalette, keys: ":7598", see: "▸ worker 3"},
		{action: doPalette, keys: "\t", see: ":worker 3"},
		{action: doPalette, keys: "\r", see: "worker 3, pid 7598"},
		{action: doPalette, keys: ":work\x0e\x0e\x10", see: "▸ worker 1"}, // ctrl-n, ctrl-p
		{action: doPalette, keys: keyDown, see: "▸ worker 2"},
		{action: doPalette, keys: keyEsc, see: "K kill"},
		{action: doPalette, keys: ":rate 500\r", see: "load set to 500/s", called: "rate 500"},
		{action: doPalette, keys: ":kill\r", see: "kill: worker 3, pid 7598?"},
		{action: doPalette, keys: "y", see: "kill: worker 3", called: "kill 3"},
		{action: doPalette, keys: ":zzz\r", see: `"zzz" matches nothing here`},
		{action: doBack, keys: keyEsc, see: "story"},
		{action: doFreeze, keys: " ", see: "FROZEN"},
		{action: doLeave, keys: "q", see: "ending: faults are healed", called: "stop"},
		{action: doLeave, keys: "\x03"},
	}, struck)
	<-s.ended // asked twice it waits no more
}

func strikeReplay(t *testing.T, struck map[action]bool) {
	tape := reelOf(t, contention, healthy, hanging, recovered)
	m, err := newModel(tape, Controls{}, Options{Theme: "dark", Refresh: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	m.player = newPlayer(tape)
	m.player.playing = false
	s := startSession(t, m, 120, 35)
	s.see("■ 1x  00:00")
	s.strike(&calls{}, []stroke{
		{action: doNext, keys: "n", see: "■ 1x  00:03"},
		{action: doForward, keys: keyRight, see: "HANG 4 of 4"},
		{action: doBackward, keys: keyLeft, see: "healthy 4 workers"},
		{action: doStep, keys: "........", see: "■ 1x  00:04"},
		{action: doStepBack, keys: ",,,,,,,,", see: "■ 1x  00:03"},
		{action: doForward, keys: keyRight + keyRight, see: "■ 1x  00:05"},
		{action: doPrevious, keys: "N", see: "■ 1x  00:03"},
		{action: doFarOn, keys: keyFarRight, see: "■ 1x  00:13"},
		{action: doFarBack, keys: keyFarLeft, see: "■ 1x  00:03"},
		{action: doSpeedUp, keys: "]]]]]", see: "■ 32x"},
		{action: doSlowDown, keys: "[", see: "■ 16x"},
		{action: doPalette, keys: ":at 4.9\r", see: "HANG 4 of 4"},
		{action: doPlay, keys: " ", see: "over: pass"}, // it plays to the end, which is the verdict
	}, struck)
	// A click on the tape seeks, one on a worker selects it, another opens it, one on the key line is its key.
	s.press(click(18+98*30/100, 33))
	s.see("HANG 4 of 4")
	// Held there and dragged on, it winds on with the mouse, until it is let go.
	s.press(fmt.Sprintf("\x1b[<0;%d;34M\x1b[<32;%d;20M", 18+1+98*30/100, 18+1+98*20/100))
	s.see("healthy 4 workers")
	s.press(fmt.Sprintf("\x1b[<32;%d;20M\x1b[<0;%d;20m\x1b[<32;%d;20M", 18+1+98*30/100, 18+1+98*30/100, 18+1+98*20/100))
	s.see("HANG 4 of 4")
	row := 0
	for i, line := range strings.Split(s.text(), "\n") {
		if strings.Contains(line, " 7598 ") && row == 0 {
			row = i
		}
	}
	s.press(click(10, row))
	s.see("▸ 3 7598")
	s.press(click(10, row))
	s.see("worker 3, pid 7598")
	s.press(click(2, 34)) // esc back
	s.see("story")
	s.press("\x1b[<64;10;10M") // the wheel
	s.see("▸ 2 7596")
	s.press("q")
	<-s.ended
}

// click is what a terminal sends for the left button (SGR mouse mode), pressed and released.
func click(x, y int) string { return fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x+1, y+1, x+1, y+1) }

func strikeHome(t *testing.T, struck map[action]bool) {
	for _, one := range []struct {
		action action
		keys   string
		want   Choice
	}{
		{doRun, "\r", Choice{Name: "log-contention"}},
		{doQuick, "f", Choice{Name: "log-contention", Quick: true}},
		{doEdit, keyDown + "e", Choice{Name: "worker-kill", Edit: true}},
		{doFilter, "/every few\r\r", Choice{Name: "worker-kill"}},
		{doRun, click(5, 6) + click(5, 6), Choice{Name: "worker-kill"}},
		{doLeave, "q", Choice{}},
	} {
		m := homeModel(0, 0)
		m.source = nil
		s := startSession(t, m, 120, 35)
		s.see("four workers, one log file, one lock")
		s.press(one.keys)
		<-s.ended
		struck[one.action] = true
		if got := m.on.(*homeScreen).list.choice; got != one.want {
			t.Errorf("%q chose %+v, want %+v", one.keys, got, one.want)
		}
	}
	m := homeModel(0, 0)
	m.source = nil
	s := startSession(t, m, 120, 35)
	s.press(keyEnd + "\r")
	s.see(`"fast" is not a rate`) // a broken one says why and is not run
	s.press("q")
	<-s.ended
}

// A terminal that changes its size all the time is drawn right once it stops, and no line is ever too long: the
// emulator would wrap it.
func TestAStormOfResizes(t *testing.T) {
	s := startSession(t, modelOf(reportAt(t, contention, hanging), 0, 0), 120, 35)
	s.see("HANG 4 of 4")
	for i := range 200 {
		w, h := 20+(i*37)%180, 5+(i*23)%60
		if i == 199 {
			w, h = 100, 30
		}
		s.mu.Lock()
		s.screen.Resize(w, h)
		s.mu.Unlock()
		s.program.Send(tea.WindowSizeMsg{Width: w, Height: h})
	}
	want := plainFrame(modelOf(reportAt(t, contention, hanging), 100, 30))
	s.wait("the frame of the last size", func() bool { return s.text() == want })
}

// plainFrame is what a terminal should show.
func plainFrame(m *model) string {
	lines := strings.Split(m.frame(), "\n")
	for i := range lines {
		lines[i] = ansiPlain(lines[i])
	}
	return strings.Join(lines, "\n")
}
