package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/tui"
)

// replayOnScreen shows a recording on the live screen, at the pace at which it was recorded.
func replayOnScreen(cmd *cobra.Command, path string) error {
	in, err := history.Open(path)
	if err != nil {
		return &exit{exitUsage, err}
	}
	defer in.Close()
	live := newLiveReport(nil)
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	played := make(chan error, 1)
	go func() { played <- play(ctx, in, live) }()
	err = tui.Run(ctx, live, tui.Controls{}, tui.Options{})
	cancel()
	if err := errors.Join(err, <-played); err != nil {
		return &exit{exitUnknown, err}
	}
	final, err := readRecording(path, newLiveReport(nil)) // the verdict is of the whole, also when a person left early
	if err != nil {
		return err
	}
	return outcome(final, final.Text(cmd.OutOrStdout()))
}

// play feeds a recording to live so that each record comes when it came in the run.
func play(ctx context.Context, in *history.Reader, live *liveReport) error {
	began := time.Now()
	for {
		rec, err := in.Next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, history.ErrTorn):
			if !live.ended {
				live.end("the recording ends before the run was over")
			}
			return nil
		case err != nil:
			return err
		}
		timer := time.NewTimer(time.Until(began.Add(rec.At)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		if err := live.sink([]history.Record{rec}); err != nil {
			return err
		}
	}
}
