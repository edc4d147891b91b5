package command

import (
	"fmt"

	"github.com/spf13/cobra"
)

// exactly wants n arguments, and says what they are: "a recording, such as DIR/log-contention.hangtime".
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return fmt.Errorf("%s: want %s; got %d; `%s --help` shows how it is used", cmd.Name(), what, len(args), cmd.CommandPath())
	}
}
