package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/tui"
)

// conductOnScreen runs under the live screen; leaving the screen ends the run.
func conductOnScreen(r *run.Run, live *report.Live, options tui.Options) error {
	ended := make(chan error, 1)
	go func() { ended <- conduct(r) }()
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

// screenOptions adds to the settings what the screen can do with this run: say where it is recorded, and write the
// report as it stands.
func (f *runFlags) screenOptions(options tui.Options, recorded bool, scenario string) tui.Options {
	if recorded {
		options.Recording = filepath.Join(f.out, scenario+history.Extension)
	}
	options.Write = func(r *report.Report) (string, error) { return writeNow(f.out, r, time.Now()) }
	return options
}

// writeNow writes a report as a page and as Markdown, into the folder of the run or the one that hangtime was called in.
func writeNow(dir string, r *report.Report, now time.Time) (string, error) {
	base := filepath.Join(dir, fmt.Sprintf("%s-%s", r.Header.Scenario, now.Format("150405")))
	for _, form := range report.Forms() {
		ending := filepath.Ext(form.File)
		if ending != ".html" && ending != ".md" {
			continue
		}
		f, err := os.Create(base + ending)
		if err != nil {
			return "", err
		}
		if err := errors.Join(form.Write(r, f), f.Close()); err != nil {
			return "", err
		}
	}
	return base + ".html and .md", nil
}
