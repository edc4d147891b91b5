// Package command is the command line of hangtime. A program that is hangtime and more, such as one with another task
// backend, imports what it adds and calls Main.
package command

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/words"
)

// Main does what the command line of this process says, and returns its exit code. It must be called first thing in
// main, on the first goroutine: hangtime starts itself again in other roles.
func Main() int {
	if handled, code := role(os.Args[1:]); handled {
		return code
	}
	return execute(rootCommand(), os.Args[1:])
}

// execute runs the command line and says in one line what went wrong.
func execute(root *cobra.Command, args []string) int {
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	if err == nil {
		return exitPass
	}
	code := exitUsage // what cobra itself refuses
	var coded *exit
	if errors.As(err, &coded) {
		code, err = coded.code, coded.err
	}
	if err != nil {
		words.WriteError(root.ErrOrStderr(), "hangtime", err)
	}
	return code
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "hangtime",
		Short: "find out why a multi-worker server hangs",
		Long: `hangtime shows which worker of a multi-worker server hangs, since when and why. It can also load such a server and make it hang on purpose.

  hangtime diagnose --port 8000   why does my server hang?
  hangtime                        choose from the servers on this machine and the scenarios
  hangtime run log-contention     see four workers hang on one log file, and the cure work
  hangtime scenarios list         what else can be run

Exit codes: 0 as expected, 1 not as expected, 2 the command line or a file is wrong, 3 unknown, or it could not be run, 130 interrupted.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       run.Version(),
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &exit{exitUsage, fmt.Errorf("%w; `%s --help` shows the flags", err, cmd.CommandPath())}
	})
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return checkConfig(cmd) }
	root.RunE = func(cmd *cobra.Command, _ []string) error { return home(cmd) }
	addScreenFlags(root)
	root.AddCommand(commands()...)
	if err := complete(root); err != nil {
		panic(err) // a flag of that name was not made above
	}
	return root
}
