package command

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/probe/doctor"
)

func doctorCommand() *cobra.Command {
	var pid int
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "say what hangtime can see and do on this machine, and what would enable the rest",
		Long: `doctor tries each kind of evidence and each facility on this machine; if something is missing, it says what would enable it.
With --pid it tries what can be seen of that process; without it, of hangtime itself, which stands for any process of the same user.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if pid == 0 {
				pid = os.Getpid()
			}
			if err := doctor.Write(cmd.OutOrStdout(), pid); err != nil {
				return &exit{exitUnknown, err}
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&pid, "pid", 0, "process to try on, such as a worker of the server")
	return cmd
}
