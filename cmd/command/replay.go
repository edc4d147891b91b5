package command

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/tui"
)

func replayCommand() *cobra.Command {
	var headless bool
	cmd := &cobra.Command{
		Use:   "replay FILE" + history.Extension,
		Short: "show a recorded run again",
		Long: `replay shows a recording the way the run was shown: on a terminal the same screens at the same pace; otherwise, or with --headless, the same lines at once.
It ends with the verdict and the exit code of the run.`,
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
			r, err := readRecording(args[0], report.NewLive(report.NewConsole(out).Show))
			if err != nil {
				return err
			}
			return outcome(r, r.Text(out))
		},
	}
	cmd.Flags().BoolVar(&headless, "headless", false, "plain lines instead of the screens (the default without a terminal)")
	return cmd
}

// replayOnScreen shows a recording on the screens of a run, to be wound to any moment.
func replayOnScreen(cmd *cobra.Command, path string, options tui.Options) error {
	t, err := tui.OpenTape(cmd.Context(), path)
	if err != nil {
		return &exit{exitUsage, err}
	}
	defer t.Close()
	options.Recording = path
	options.Write = func(r *report.Report) (string, error) { return writeNow("", r, time.Now()) }
	if err := tui.Replay(cmd.Context(), t, options); err != nil {
		return &exit{exitUnknown, err}
	}
	return outcome(t.Whole(), t.Whole().Text(cmd.OutOrStdout())) // the verdict is of the whole, also when a person left early
}

// readRecording reads a recording for a command: one that cannot be read is a usage error.
func readRecording(path string, live *report.Live) (*report.Report, error) {
	r, err := report.ReadRecording(path, live)
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	return r, nil
}
