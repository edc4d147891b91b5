package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

func reportCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "report FILE" + history.Extension,
		Short: "print the verdict of a recording",
		Long:  "report reads a recording to its end and prints the verdict that the run printed, with the same exit code.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := readRecording(args[0], nil)
			if err != nil {
				return err
			}
			if asJSON {
				err = r.JSON(cmd.OutOrStdout())
			} else {
				err = r.Text(cmd.OutOrStdout())
			}
			return outcome(r, err)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as result.json")
	return cmd
}

// readRecording folds a whole recording; each, if not nil, sees every report of 100 ms of the run.
func readRecording(path string, each func(*report.Report)) (*report.Report, error) {
	in, err := history.Open(path)
	if err != nil {
		return nil, &exit{exitUsage, err}
	}
	defer in.Close()
	b := report.NewBuilder()
	ended := false
	for {
		rec, err := in.Next()
		switch {
		case errors.Is(err, io.EOF):
			if !ended {
				b.End("the recording has no end: hangtime was ended before the run was over")
			}
			return b.Report(), nil
		case errors.Is(err, history.ErrTorn):
			b.End("the recording breaks off in the middle of a record: hangtime or the machine stopped there")
			return b.Report(), nil
		case err != nil:
			return nil, &exit{exitUsage, fmt.Errorf("read recording: %w", err)}
		}
		b.Add(rec)
		switch rec.Event.(type) {
		case history.RunEnded:
			ended = true
		case history.Tick:
			if each != nil {
				each(b.Report())
			}
		}
	}
}
