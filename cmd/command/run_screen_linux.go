package command

import (
	"context"
	"errors"
	"time"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/tui"
)

// conductOnScreen runs under the live screen, which says where the run is recorded and writes the report as it stands
// into the same folder; leaving the screen ends the run.
func conductOnScreen(r *run.Run, live *report.Live, options tui.Options, out, scenario string) error {
	if out != "" {
		options.Recording = run.RecordingIn(out, scenario)
	}
	options.Write = func(r *report.Report) (string, error) { return writeNow(out, r, time.Now()) }
	ended := make(chan error, 1)
	go func() { ended <- run.ConductUntilSignalled(r, exitInterrupted) }()
	controls := tui.Controls{
		Stop:     func() { r.Stop("q") },
		SetRate:  r.SetRate,
		Kill:     r.Kill,
		StopCont: r.StopWorker,
		HoldLock: r.HoldLock,
	}
	err := tui.Run(context.Background(), live, controls, options)
	r.Stop("q") // no effect on a run that is over
	return errors.Join(<-ended, err)
}
