package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/tui"
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
		Short: "watch a running server: which worker hangs, since when, why; sends no load, changes nothing",
		Long: `watch looks at a running server ten times a second until Ctrl-C, and says when a worker hangs, since when and why, and when the hang is over.
It sends no load and only reads: no signal, no ptrace, no pause. It shows its own cost. Run as the server's own user it sees nearly everything; what it may not see, it names.
If you name no server, it lists those on this machine and asks which one you mean.

--on-hang runs a command for each hang once it is certain, with the incident as JSON on its standard input: to page someone, restart the server, or take a dump.
--out records what was seen; hangtime replay shows it again.

Exit codes: 0 no hang was seen, 1 a hang was seen, 2 the command line is wrong, 3 the server could not be watched.`,
		Example: `  hangtime watch --port 8000
  hangtime watch --pidfile /run/gunicorn.pid --plain --on-hang 'mail -s hang ops@example.org'
  hangtime watch --pid 4242 --out /var/tmp/seen --for 10m`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.watch(cmd) },
	}
	f.target.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.headless, "headless", false, "plain lines instead of the live screen (the default without a terminal)")
	flags.StringVar(&f.onHang, "on-hang", "", "command for sh, run once for each hang, with the incident as JSON on its standard input")
	flags.StringVar(&f.out, "out", "", "folder for the recording; made if it is missing")
	flags.DurationVar(&f.every, "every", 10*time.Second, "how often the state is printed while nothing happens")
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
	target, err := f.target.find(cmd.Context())
	if err != nil {
		return err
	}
	if os.Getenv("GOMAXPROCS") == "" {
		// With more than one, Go wakes a thread to look for work each time that there is some, which here costs a
		// tenth of all.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	out := cmd.OutOrStdout()
	console := report.NewWatchConsole(out)
	console.Every = f.every
	hook := &run.Hook{Command: f.onHang, Output: cmd.ErrOrStderr()}
	console.OnHang = func(in report.Incident) {
		text, err := json.Marshal(in)
		if err != nil {
			fmt.Fprintln(cmd.ErrOrStderr(), "hangtime: --on-hang:", err)
			return
		}
		hook.Run(text)
	}
	var sinks []run.Sink
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
	live := report.NewLive(nil)
	if screen != nil {
		console.Out = io.Discard
		sinks = append(sinks, live.Sink)
	}
	sinks = append(sinks, console.Sink)
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if f.span > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.span)
		defer cancel()
	}
	w, err := run.Watch(context.WithoutCancel(ctx), target, run.Version(), sinks...)
	if err != nil {
		return &exit{exitUnknown, err}
	}
	console.Cost = w.Cost
	console.Begin(w.Describe(), watched(w, target))
	if screen != nil {
		err = tui.Run(ctx, live, tui.Controls{}, *screen)
	} else {
		<-ctx.Done()
	}
	err = errors.Join(err, w.End())
	console.Out = out
	console.End(time.Since(w.Began()))
	hook.Wait()
	if recording != nil {
		err = errors.Join(err, recording.Close())
	}
	switch {
	case err != nil:
		return &exit{exitUnknown, err}
	case console.Hangs() > 0:
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
