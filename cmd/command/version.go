package command

import (
	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/run"
)

func versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "version", Short: "print version, commit and its date, Go version and platform", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return run.ThisBuild().JSON(cmd.OutOrStdout())
			}
			return run.ThisBuild().Text(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}
