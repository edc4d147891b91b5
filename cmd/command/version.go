package command

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/run"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "say which hangtime this is", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "hangtime %s, %s, %s/%s\n", run.Version(), runtime.Version(), runtime.GOOS,
				runtime.GOARCH)
			return err
		},
	}
}
