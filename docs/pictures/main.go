// Command pictures makes the pictures of the manual from the real program: it builds hangtime, runs it on a
// pseudo-terminal, presses keys, waits until the screen shows what is to be seen, and writes the screen as SVG. From
// the root of the repository: go run ./docs/pictures
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

func main() {
	only := flag.String("only", "", "make only the picture of that name")
	flag.Parse()
	if err := makeAll(*only); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

// A picture is one or more screens of one session, one below the other.
type picture struct {
	name       string
	columns    int
	rows       int
	args       []string
	env        []string
	light      bool
	screens    []shot
	afterwards string // keys that end the program
}

// A shot is a screen: keys are pressed, then it is waited for what is to be seen, and a while more.
type shot struct {
	caption string
	keys    string
	see     []string // all of these
	more    time.Duration
	unseen  bool // it is no part of the picture
}

const quit = "q"

// pictures are all of them; A and B stand for two recordings of log-contention.
func pictures() []picture {
	// Times differ from run to run. The jump to the incident ends where it was detected; what follows is wound from there.
	const inHang = " n........."
	there := shot{unseen: true, keys: inHang, see: []string{"× HANG"}}
	ended := shot{unseen: true, keys: " :at 999\r", see: []string{"over: ", "longest stall"}}
	return []picture{
		{name: "hang", columns: 110, rows: 30, args: []string{"run", "log-contention", "--seed", "1"}, afterwards: "qq",
			screens: []shot{
				{caption: "Four workers have stopped. The screen says since when, in which call, and who holds the lock.",
					see: []string{"HANG 4 of 4"}, more: 1200 * time.Millisecond},
				{caption: "The fault is healed: the lanes show the standstill, the story how it ended.",
					see: []string{"healthy 4 workers", "over: every worker"}, more: 1500 * time.Millisecond},
			}},
		{name: "home", columns: 120, rows: 30, afterwards: quit,
			screens: []shot{{see: []string{"scenarios", "log-contention"}}}},
		{name: "live", columns: 160, rows: 45, args: []string{"replay", "A"}, afterwards: quit,
			screens: []shot{{keys: inHang, see: []string{"HANG"}}}},
		{name: "live-80x24", columns: 80, rows: 24, args: []string{"replay", "A"}, afterwards: quit,
			screens: []shot{{keys: inHang, see: []string{"HANG"}}}},
		{name: "live-light", columns: 80, rows: 24, args: []string{"replay", "A", "--theme", "light"}, light: true,
			afterwards: quit, screens: []shot{{keys: inHang, see: []string{"HANG"}}}},
		{name: "live-ascii", columns: 80, rows: 24, args: []string{"replay", "A", "--ascii"},
			env: []string{"NO_COLOR=1"}, afterwards: quit, screens: []shot{{keys: inHang, see: []string{"HANG"}}}},
		{name: "worker", columns: 120, rows: 35, args: []string{"replay", "A"}, afterwards: quit,
			screens: []shot{there, {keys: "\r", see: []string{"waits for"}}}},
		{name: "incident", columns: 120, rows: 40, args: []string{"replay", "A"}, afterwards: quit,
			screens: []shot{ended, {keys: "i", see: []string{"incident 1", "recovered"}}}},
		{name: "verdict", columns: 120, rows: 35, args: []string{"replay", "A"}, afterwards: quit,
			screens: []shot{{keys: " :at 999\r", see: []string{"over: ", "longest stall"}}}},
		{name: "compare", columns: 120, rows: 35, args: []string{"compare", "--screen", "A", "B"}, afterwards: quit,
			screens: []shot{{see: []string{"change", "response time p50"}}}},
		{name: "help", columns: 100, rows: 30, args: []string{"replay", "A"}, afterwards: quit,
			screens: []shot{there, {keys: "?", see: []string{"any other key goes back"}}}},
	}
}

func makeAll(only string) error {
	dir, err := os.MkdirTemp("", "hangtime-pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "hangtime")
	if err := run("go", "build", "-trimpath", "-o", binary, "./cmd/hangtime"); err != nil {
		return err
	}
	recordings := map[string]string{"A": filepath.Join(dir, "before"), "B": filepath.Join(dir, "after")}
	if only != "hang" && only != "home" {
		for side := range recordings {
			if recordings[side], err = record(binary, recordings[side]); err != nil {
				return err
			}
		}
	}
	for _, p := range pictures() {
		if only != "" && only != p.name {
			continue
		}
		for i, arg := range p.args {
			if out := recordings[arg]; out != "" {
				p.args[i] = out
				if p.args[0] == "replay" {
					p.args[i] = filepath.Join(out, "log-contention.hangtime")
				}
			}
		}
		file := filepath.Join("docs", "pictures", p.name+".svg")
		if err := p.make(binary, dir, file); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Println(file)
	}
	return nil
}

// record makes a recording of a run. On a busy machine a run may come out as unknown: then it is tried again, a few times.
func record(binary, dir string) (string, error) {
	for try := 1; ; try++ {
		out := fmt.Sprintf("%s-%d", dir, try)
		err := run(binary, "run", "log-contention", "--quick", "--headless", "--seed", "1", "--out", out)
		var exit *exec.ExitError
		if err == nil || errors.As(err, &exit) && try == 3 {
			return dir, os.Rename(out, dir) // its name is on the picture of the comparison
		}
		if exit == nil {
			return "", err
		}
	}
}

func run(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

// make takes one picture.
func (p *picture) make(binary, dir, file string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, p.args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "XDG_STATE_HOME="+
		filepath.Join(dir, "state"), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
	cmd.Env = append(cmd.Env, p.env...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(p.columns), Rows: uint16(p.rows)})
	if err != nil {
		return err
	}
	t := &terminal{tty: tty, screen: vt.NewEmulator(p.columns, p.rows)}
	ended := t.start()
	var frames []frame
	for _, s := range p.screens {
		one, err := t.take(ctx, s)
		if err != nil {
			cancel()
			<-ended
			return err
		}
		if !s.unseen {
			frames = append(frames, one)
		}
	}
	t.press(p.afterwards)
	<-ended
	_ = cmd.Wait() // the exit code is that of the run
	_ = tty.Close()
	return os.WriteFile(file, []byte(svg(frames, p.light)), 0o644)
}

// A terminal is a pseudo-terminal and what it shows.
type terminal struct {
	tty    *os.File
	mu     sync.Mutex // over screen
	screen *vt.Emulator
}

// start draws what comes until the program ends, and gives the answers that a terminal gives.
func (t *terminal) start() <-chan struct{} {
	ended := make(chan struct{})
	go func() { _, _ = io.Copy(t.tty, t.screen) }() // ends with the process: the emulator has no end of its answers
	go func() {
		defer close(ended)
		buf := make([]byte, 32<<10)
		for {
			n, err := t.tty.Read(buf)
			t.mu.Lock()
			_, _ = t.screen.Write(buf[:n])
			t.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return ended
}

func (t *terminal) press(keys string) { _, _ = t.tty.WriteString(keys) }

func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.screen.String()
}

func (t *terminal) take(ctx context.Context, s shot) (frame, error) {
	if s.keys != "" {
		if err := t.wait(ctx, "q end"); err != nil { // the screen is up
			return frame{}, err
		}
		t.press(s.keys)
	}
	for _, text := range s.see {
		if err := t.wait(ctx, text); err != nil {
			return frame{}, err
		}
	}
	time.Sleep(s.more + 300*time.Millisecond) // until what was waited for is drawn whole, or a while more of it
	t.mu.Lock()
	defer t.mu.Unlock()
	return frameOf(s.caption, t.screen), nil
}

func (t *terminal) wait(ctx context.Context, text string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(t.text(), text) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%q never came; the last screen:\n%s", text, t.text())
		}
	}
	return nil
}
