package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// complete says what can stand where on the command line. `hangtime completion bash|zsh|fish|powershell`, which cobra
// brings, prints the script that asks.
func complete(root *cobra.Command) error {
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "run":
			cmd.ValidArgsFunction = completeScenario
			if cmd.Flags().Lookup("variant") == nil {
				continue // not on Linux: it is there by its name alone
			}
			if err := cmd.RegisterFlagCompletionFunc("variant", completeVariant); err != nil {
				return err
			}
		case "replay", "report":
			cmd.ValidArgsFunction = completeRecording(1)
		case "compare":
			cmd.ValidArgsFunction = completeRecording(2)
		}
	}
	return root.RegisterFlagCompletionFunc("theme",
		cobra.FixedCompletions([]string{"auto", "dark", "light", "16", "none"}, cobra.ShellCompDirectiveNoFileComp))
}

// completeScenario offers the built-in scenarios with what each shows, and one's own; where a path is begun, the
// shell's own files.
func completeScenario(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if strings.ContainsAny(begun, "/.") {
		return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
	}
	var all []string
	for _, name := range scenarios.Names() {
		if slices.Contains(args, name) {
			continue
		}
		if doc, err := scenarios.Open(name); err == nil {
			name += "\t" + doc.Scenario.Title
		}
		all = append(all, name)
	}
	for _, file := range scenarios.OwnFiles() {
		if !slices.Contains(args, file) {
			all = append(all, file)
		}
	}
	return all, cobra.ShellCompDirectiveDefault
}

// completeVariant offers the variants of the first scenario that is named.
func completeVariant(_ *cobra.Command, args []string, _ string) (all []string, then cobra.ShellCompDirective) {
	if len(args) > 0 {
		if doc, err := scenarios.Open(args[0]); err == nil {
			for _, v := range doc.Scenario.Variants {
				all = append(all, v.Name+"\t"+v.Says)
			}
		}
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

func completeRecording(most int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return []string{strings.TrimPrefix(history.Extension, ".")}, cobra.ShellCompDirectiveFilterFileExt
	}
}
