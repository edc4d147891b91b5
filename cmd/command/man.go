package command

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/hangtime-dev/hangtime/run"
)

func manCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "man [COMMAND...]",
		Short: "print a man page, or write all of them",
		Long:  "man prints the man page of hangtime or of one of its commands, with the same text as --help; with --dir it writes all man pages into a folder.",
		Example: `  hangtime man run | man -l -
  hangtime man --dir ~/.local/share/man/man1`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			at, _, err := cmd.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, sub := range at.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, sub.Name()+"\t"+sub.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.DisableAutoGenTag = true // it holds the day on which it was made
			header := &doc.GenManHeader{Section: "1", Source: "hangtime " + run.Version(), Manual: "hangtime"}
			if dir != "" {
				if len(args) > 0 {
					return &exit{exitUsage, fmt.Errorf("--dir writes all pages; want no COMMAND beside it, got %q", args)}
				}
				if err := os.MkdirAll(dir, 0o755); err != nil {
					return &exit{exitUsage, fmt.Errorf("--dir: %w", err)}
				}
				if err := doc.GenManTree(root, header, dir); err != nil {
					return &exit{exitUnknown, fmt.Errorf("--dir: %w", err)}
				}
				return nil
			}
			page, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return &exit{exitUsage, fmt.Errorf("%q is no command of hangtime; `hangtime --help` lists them", args)}
			}
			return doc.GenMan(page, header, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder to write all pages into; made if it is missing")
	return cmd
}
