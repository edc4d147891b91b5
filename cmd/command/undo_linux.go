package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/faults"
)

func undoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "undo",
		Short: "mend what a killed hangtime left broken",
		Long: `undo mends what is left of runs that ended without mending it themselves.

That takes a kill -9 of hangtime and of its guardian, a process of its own session that mends everything when hangtime dies alone.
What is to be mended is read from the journals in $XDG_STATE_HOME/hangtime (~/.local/state/hangtime). Runs that are under way are not touched.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := faults.Replay()
			out := cmd.OutOrStdout()
			left := 0
			for _, one := range all {
				one.Text(out)
				left += len(one.Left)
			}
			switch {
			case err != nil:
				return &exit{exitUnknown, err}
			case left > 0:
				return &exit{exitUnknown, errors.New("not everything was mended; the journals were kept")}
			case len(all) == 0:
				fmt.Fprintln(out, "nothing to mend")
			}
			return nil
		},
	}
}
