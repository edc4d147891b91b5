package tui

import (
	"context"
	"errors"
	"os/signal"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/report"
)

// A Source has the newest report; nil before the first. It is asked ten times a second, from one goroutine.
type Source interface{ Report() *report.Report }

// Controls are what a person may ask of a run. Each may take a moment and is called from a goroutine of its own; nil ones are not offered.
type Controls struct {
	Stop     func()          // end the run in order
	SetRate  func(float64)   // hits a second; 0 is a pause
	Kill     func(place int) // SIGKILL to the worker at this place
	StopCont func(place int) // SIGSTOP it for a while, then SIGCONT
	HoldLock func()          // hold the lock of the task log for a while
}

// Options of a screen.
type Options struct {
	Theme   string        // "auto" (or empty), "dark", "light", "16", "none"
	ASCII   bool          // no character outside of ASCII
	Refresh time.Duration // how often the newest report is drawn; 0: 100 ms
}

// Run shows the source's reports until a person leaves, ctx is done, or a signal (SIGINT, SIGTERM, SIGHUP) asks to end. It returns once the terminal is as it
// was before; a person who leaves is no error.
func Run(ctx context.Context, source Source, controls Controls, options Options) error {
	// Bubble Tea knows nothing of SIGHUP; a terminal that is gone must end the screen so that the run can heal.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	_, err := tea.NewProgram(newModel(source, controls, options), tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithFPS(30)).Run()
	if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}
