package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

func replayCommand() *cobra.Command {
	var headless bool
	cmd := &cobra.Command{
		Use:   "replay FILE" + history.Extension,
		Short: "see a recorded run again",
		Long: `replay shows a recording as the run was shown: on a terminal the same screens at the run's own pace, otherwise, or with --headless, the same lines at once.
It ends with the verdict and the exit code that the run ended with.`,
		Args: exactly(1, "one recording, such as DIR/log-contention.hangtime"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if !headless {
				screen, err := screenFor(cmd)
				if err != nil {
					return err
				}
				if screen != nil {
					return replayOnScreen(cmd, args[0], *screen)
				}
			}
			r, err := readRecording(args[0], newLiveReport(report.NewConsole(out).Show))
			if err != nil {
				return err
			}
			return outcome(r, r.Text(out))
		},
	}
	cmd.Flags().BoolVar(&headless, "headless", false, "plain lines instead of the screens (chosen by itself without a terminal)")
	return cmd
}

// readRecording feeds a whole recording to live and returns its last report. A recording that breaks off is read as far as it is whole; the report says so.
func readRecording(path string, live *liveReport) (*report.Report, error) {
	in, err := history.Open(path)
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	defer in.Close()
	for {
		rec, err := in.Next()
		switch {
		case errors.Is(err, io.EOF):
			if !live.ended {
				live.end("the recording has no end: hangtime was ended before the run was over")
			}
			return live.builder.Report(), nil
		case errors.Is(err, history.ErrTorn):
			live.end("the recording breaks off before its end: hangtime or the machine stopped there")
			return live.builder.Report(), nil
		case err != nil:
			return nil, &exit{exitUsage, fmt.Errorf("read recording: %w", err)}
		}
		if err := live.sink([]history.Record{rec}); err != nil {
			return nil, err
		}
	}
}
