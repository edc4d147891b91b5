package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/tui"
	"github.com/hangtime-dev/hangtime/words"
)

type watchFlags struct {
	target      targetFlags
	headless    bool
	onHang, out string
	every, span time.Duration
}

func watchCommand() *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "watch a running server: which worker hangs, since when, why; no load, nothing changed",
		Long: `watch looks at a running server ten times a second until Ctrl-C, and says when a worker hangs, since when and why, and when it is over.
It sends no load and only reads: no signal, no ptrace, no pause; its own cost is shown. As the server's own user it sees nearly all; what it may not see, it names.

--on-hang runs a command for each hang when it is certain, with the incident as JSON on its standard input: a page, a restart, a dump.
--out records what was seen; hangtime replay shows it again.

Exit codes: 0 no hang was seen, 1 there was one, 2 the command line is wrong, 3 the server could not be watched.`,
		Example: `  hangtime watch --port 8000
  hangtime watch --pidfile /run/gunicorn.pid --plain --on-hang 'mail -s hang ops@example.org'
  hangtime watch --pid 4242 --out /var/tmp/seen --for 10m`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.watch(cmd) },
	}
	f.target.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.headless, "headless", false, "plain lines instead of the live screen (chosen by itself without a terminal)")
	flags.StringVar(&f.onHang, "on-hang", "", "command for sh, run once for each hang, with the incident as JSON on its standard input")
	flags.StringVar(&f.out, "out", "", "folder for the recording; made if it is missing")
	flags.DurationVar(&f.every, "every", 10*time.Second, "how often a line of state is printed while nothing happens")
	flags.DurationVar(&f.span, "for", 0, "how long to watch (0: until Ctrl-C)")
	return cmd
}

func (f *watchFlags) watch(cmd *cobra.Command) error {
	if f.every < time.Second {
		return &exit{exitUsage, fmt.Errorf("--every: want at least 1s, got %v", f.every)}
	}
	screen, err := f.screen(cmd)
	if err != nil {
		return err
	}
	target, err := f.target.find()
	if err != nil {
		return err
	}
	if os.Getenv("GOMAXPROCS") == "" {
		// With more than one, Go wakes a thread to look for work each time that there is some, which here costs a tenth of all.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	out := cmd.OutOrStdout()
	t := &teller{out: out, look: report.NewLookBuilder(), every: f.every, told: map[int]told{}, hook: &hook{command: f.onHang, errors: cmd.ErrOrStderr()}}
	var sinks []func([]history.Record) error
	var recording *history.Writer
	if f.out != "" {
		if err := os.MkdirAll(f.out, 0o755); err != nil {
			return &exit{exitUsage, fmt.Errorf("--out: %w", err)}
		}
		path := filepath.Join(f.out, "watch-"+time.Now().Format("20060102-150405")+history.Extension)
		if recording, err = history.Create(path); err != nil {
			return &exit{exitUsage, fmt.Errorf("--out: %w", err)}
		}
		sinks = append(sinks, recording.Append)
		if screen != nil {
			screen.Recording = path
		}
	}
	live := newLiveReport(nil)
	if screen != nil {
		t.out = io.Discard
		sinks = append(sinks, live.sink)
	}
	sinks = append(sinks, t.sink)
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if f.span > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.span)
		defer cancel()
	}
	w, err := startWatching(context.WithoutCancel(ctx), target, sinks...)
	if err != nil {
		return err
	}
	t.begin(w)
	if screen != nil {
		err = tui.Run(ctx, live, tui.Controls{}, *screen)
	} else {
		<-ctx.Done()
	}
	err = errors.Join(err, w.stop("Ctrl-C"))
	t.out = out
	t.end(w)
	t.hook.wait()
	if recording != nil {
		err = errors.Join(err, recording.Close())
	}
	switch {
	case err != nil:
		return &exit{exitUnknown, err}
	case t.hangs > 0:
		return &exit{exitFail, nil}
	}
	return nil
}

// screen is how the live screen is to look; nil: lines instead.
func (f *watchFlags) screen(cmd *cobra.Command) (*tui.Options, error) {
	if f.headless {
		return nil, nil
	}
	return screenFor(cmd)
}

// A teller says in lines what happens; its sink is called by one goroutine.
type teller struct {
	out   io.Writer
	look  *report.LookBuilder
	every time.Duration
	hook  *hook

	mu       sync.Mutex
	w        *watching // nil: not begun
	told     map[int]told
	hangs    int
	troubles int // told
	next     time.Duration
}

// told is what was said of an incident.
type told struct {
	began, ended, hooked bool
	sentence             string
}

func (t *teller) begin(w *watching) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, "watching %s, %s; only reading; Ctrl-C ends it\n", words.Printable(describe(w.target)), words.Count(len(w.probe.Workers()), "worker"))
	for _, text := range w.watched().Unseen {
		fmt.Fprintln(t.out, text)
	}
	t.w = w
}

func (t *teller) sink(records []history.Record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	ticked := false
	for _, r := range records {
		switch ev := r.Event.(type) {
		case history.WorkerSeen:
			if t.w != nil {
				t.say(r.At, "worker %d is there: pid %d", ev.Worker, ev.PID)
			}
		case history.WorkerGone:
			t.say(r.At, "worker %d is gone: pid %d, %s", ev.Worker, ev.PID, goneWords(ev))
		case history.Tick:
			ticked = true
		}
		t.look.Add(r)
	}
	if ticked && t.w != nil {
		t.tell()
	}
	return nil
}

func goneWords(ev history.WorkerGone) string {
	switch {
	case ev.Unknown:
		return "how is not known"
	case ev.Signal != "" && ev.By != "":
		return ev.Signal + " from " + ev.By
	case ev.Signal != "":
		return ev.Signal
	}
	return fmt.Sprintf("exit code %d", ev.Code)
}

func (t *teller) say(at time.Duration, format string, args ...any) {
	fmt.Fprintf(t.out, "%s  %s\n", words.Watch(at), words.Printable(fmt.Sprintf(format, args...)))
}

// settle is how long after its detection an incident goes to the command: by then its evidence is whole, stacks included.
const settle = 200 * time.Millisecond

// tell says what is new.
func (t *teller) tell() {
	now := t.look.Now()
	for _, in := range t.look.Incidents() {
		was := t.told[in.ID]
		if !was.began {
			was.began = true
			if in.Kind == diagnose.KindHang {
				t.hangs++
			}
		}
		if was.sentence != in.Cause.Sentence && in.Ended < 0 && now-in.Detected >= settle {
			was.sentence = in.Cause.Sentence
			t.tellIncident(in)
		}
		if !was.hooked && (now-in.Detected >= settle || in.Ended >= 0) && in.Kind == diagnose.KindHang {
			was.hooked = true
			t.hook.run(report.NewIncident(in, now, t.w.began))
		}
		if in.Ended >= 0 && !was.ended {
			was.ended = true
			if in.Kind == diagnose.KindHang {
				t.say(now, "incident %d is over after %s: %s", in.ID, words.Seconds(in.Longest(in.Ended)), in.Cause.Short)
			} else {
				t.tellIncident(in)
			}
		}
		t.told[in.ID] = was
	}
	troubles := t.look.Troubles()
	for _, text := range troubles[t.troubles:] {
		t.say(now, "trouble: %s", text)
	}
	t.troubles = len(troubles)
	if now >= t.next {
		t.next = now + t.every
		t.say(now, "%s", t.state())
	}
}

func (t *teller) tellIncident(in diagnose.Incident) {
	what := "HANG"
	if in.Kind == diagnose.KindCrash {
		what = "DEATH"
	}
	who := ""
	for i, v := range in.Victims {
		if i == 8 {
			who += fmt.Sprintf(" and %d more", len(in.Victims)-i)
			break
		}
		if i > 0 {
			who += ","
		}
		who += fmt.Sprintf(" worker %d (pid %d)", v.Place, v.PID)
	}
	t.say(t.look.Now(), "%s%s since %s: %s (%s, %s)", what, who, words.Watch(in.Began), in.Cause.Sentence, in.Cause.Kind, in.Cause.Confidence)
	for i, frame := range in.Cause.Stack {
		if i == 8 {
			break
		}
		fmt.Fprintf(t.out, "              %s\n", words.Printable(frame))
	}
	if in.Cause.Remedy != "" {
		fmt.Fprintf(t.out, "              remedy: %s\n", words.Printable(in.Cause.Remedy))
	}
}

// state is one line on how things are.
func (t *teller) state() string {
	counts := map[string]int{}
	inside := 0
	workers := t.look.Workers()
	for _, w := range workers {
		counts[string(w.State)]++
		inside += w.Inside
	}
	text := words.Count(len(workers), "worker") + ":"
	for _, name := range []string{"hung", "stopped", "suspect", "unknown", "busy", "idle", "booting", "dead"} {
		if n := counts[name]; n > 0 {
			text += fmt.Sprintf(" %d %s", n, name)
		}
	}
	text += "; " + words.Count(inside, "request") + " inside"
	if b := t.look.Backlog(); b != nil {
		text += fmt.Sprintf(", backlog %d of %d", b.Waiting, b.Limit)
	}
	if t.look.Now() >= time.Second { // the beginning takes more, and says nothing
		text += fmt.Sprintf("; own cost %.1f %% of a core", 100*t.w.cost())
	}
	return text
}

func (t *teller) end(w *watching) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.look.Incidents()
	fmt.Fprintf(t.out, "watched for %s: %s, %s; own cost %.2f %% of a core\n", time.Since(w.began).Round(100*time.Millisecond), words.Count(t.hangs, "hang"),
		words.Count(len(all)-t.hangs, "death"), 100*w.cost())
	for _, in := range all {
		state := "not over"
		if in.Ended >= 0 {
			state = "over"
		}
		fmt.Fprintf(t.out, "  %s %d, since %s, %s, %s: %s\n", in.Kind, in.ID, words.Watch(in.Began), state, words.Seconds(in.Longest(t.look.Now())), words.Printable(in.Cause.Sentence))
	}
}

// A hook runs the command of --on-hang, one at a time, in the order of the incidents.
type hook struct {
	command string
	errors  io.Writer
	last    chan struct{} // closed when the one before is over
}

// hookLimit is how long one may take.
const hookLimit = time.Minute

func (h *hook) run(in report.Incident) {
	if h.command == "" {
		return
	}
	text, err := json.Marshal(in)
	if err != nil {
		fmt.Fprintln(h.errors, "hangtime: --on-hang:", err)
		return
	}
	before, done := h.last, make(chan struct{})
	h.last = done
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		ctx, cancel := context.WithTimeout(context.Background(), hookLimit)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-c", h.command)
		cmd.Stdin = bytes.NewReader(append(text, '\n'))
		cmd.Stdout, cmd.Stderr = h.errors, h.errors
		cmd.WaitDelay = time.Second
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(h.errors, "hangtime: --on-hang:", err)
		}
	}()
}

func (h *hook) wait() {
	if h.last != nil {
		<-h.last
	}
}
