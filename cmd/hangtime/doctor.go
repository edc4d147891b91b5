package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/probe"
)

func doctorCommand() *cobra.Command {
	var pid int
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "say what hangtime can see and do on this machine, and what would enable the rest",
		Long: `doctor tries each kind of evidence and each facility on this machine, and says of what is missing what would enable it.
With --pid it tries what can be seen of that process; without, of hangtime itself, as of any process of the same user.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if pid == 0 {
				pid = os.Getpid()
			}
			p := &strings.Builder{}
			fmt.Fprintf(p, "evidence on process %d (%s)\n", pid, probe.Command(pid))
			for _, a := range probe.Abilities(pid) {
				mark(p, a.OK, a.Name, a.Gives, a.Why, a.Enable)
			}
			fmt.Fprintln(p, "this machine")
			for _, f := range probe.Facilities() {
				mark(p, f.OK, f.Name, f.Gives, f.Here, f.Enable)
			}
			fmt.Fprintln(p, "other tools")
			for _, tool := range []struct{ name, gives, enable string }{
				{"py-spy", "a second opinion on Python stacks; hangtime reads them itself", "pip install py-spy"},
				{"gunicorn", "the server that the guide is about", "apt-get install gunicorn"},
				{"tmux", "a terminal that stays when a connection breaks", "apt-get install tmux"},
			} {
				path, err := exec.LookPath(tool.name)
				if err != nil {
					path = "not found"
				}
				mark(p, err == nil, tool.name, tool.gives, path, tool.enable)
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), p.String()); err != nil {
				return &exit{exitUnknown, err}
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&pid, "pid", 0, "process to try on, such as a worker of the server")
	return cmd
}

// mark prints one line; ok ones have what is there, others what would enable them.
func mark(p *strings.Builder, ok bool, name, gives, here, enable string) {
	switch {
	case ok && here != "":
		fmt.Fprintf(p, "  ok  %-34s %s (%s)\n", name, gives, here)
	case ok:
		fmt.Fprintf(p, "  ok  %-34s %s\n", name, gives)
	default:
		fmt.Fprintf(p, "  --  %-34s %s\n", name, gives)
		fmt.Fprintf(p, "      %-34s %s; to enable: %s\n", "", here, enable)
	}
}
