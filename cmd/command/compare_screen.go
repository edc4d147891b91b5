package command

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/tui"
)

// compareOnScreen shows a comparison on a screen; a and b are the runs that are drawn, the newest of each side.
func compareOnScreen(cmd *cobra.Command, c report.Comparison, a, b *report.Report) error {
	options, err := screenFor(cmd)
	if err != nil {
		return err
	}
	if options == nil {
		return &exit{exitUsage, errors.New("--screen: want a terminal, and neither --plain nor TERM=dumb; without it the comparison is printed as text")}
	}
	if err := tui.Compare(cmd.Context(), c, a, b, *options); err != nil {
		return &exit{exitUnknown, err}
	}
	return nil
}
