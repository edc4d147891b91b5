// Command hangtime finds out why a multi-worker server hangs: it loads and breaks one, shows which worker hangs since
// when and why, and judges what was seen.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/words"
)

func main() {
	if handled, code := role(os.Args[1:]); handled {
		os.Exit(code)
	}
	os.Exit(execute(rootCommand(), os.Args[1:]))
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
		tell(root.ErrOrStderr(), err)
	}
	return code
}

// Bounds of what is said of an error: a file that is wrong in every line, or in one long line, must not bury the first
// reason under the others.
const (
	mostErrors    = 20
	mostErrorLine = 500 // bytes, with its end
)

// tell prints an error, a line for each thing that is wrong.
func tell(out io.Writer, err error) {
	const name = "hangtime: "
	lines := strings.Split(err.Error(), "\n")
	for _, line := range lines[:min(len(lines), mostErrors)] {
		fmt.Fprintln(out, name+words.Within(words.Printable(line), mostErrorLine-len(name)-1))
	}
	if more := len(lines) - mostErrors; more > 0 {
		fmt.Fprintf(out, "%sand %s more\n", name, words.Number(more))
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "hangtime",
		Short: "find out why a multi-worker server hangs",
		Long: `hangtime loads a multi-worker server, breaks it on purpose, and shows which worker hangs, since when and why.

  hangtime                        pick a scenario from a list, and run it
  hangtime run log-contention     watch four workers hang on one log file, and the cure hold
  hangtime scenarios list         what else can be run
  hangtime replay FILE            see a recorded run again

Exit codes: 0 as expected, 1 not as expected, 2 the command line or a file is wrong, 3 unknown or it could not be run, 130 interrupted.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
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
