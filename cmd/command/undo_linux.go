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
		Short: "repair what a killed hangtime broke",
		Long: `undo repairs what runs left broken because they could not repair it themselves.

That happens only if both hangtime and its guardian were killed with kill -9. The guardian is a process in a session of its own that repairs everything if hangtime alone dies.
undo reads what to repair from the journals in $XDG_STATE_HOME/hangtime (~/.local/state/hangtime). Runs in progress are not touched.`,
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
