package command

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/words"
)

func scenariosCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scenarios",
		Short: "the built-in scenarios",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "list their names, titles and durations", Args: cobra.NoArgs, RunE: listScenarios},
		&cobra.Command{
			Use: "show NAME", Short: "print a scenario's file, to read or to start your own from", Args: exactly(1, "the name of one scenario"),
			Example: "  hangtime scenarios show log-contention > mine.yaml",
			ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return scenarios.Names(), cobra.ShellCompDirectiveNoFileComp
			},
			RunE: func(cmd *cobra.Command, args []string) error {
				text, err := scenarios.Text(args[0])
				if err != nil {
					return &exit{exitUsage, err}
				}
				_, err = cmd.OutOrStdout().Write(text)
				return err
			},
		},
		&cobra.Command{
			Use: "schema", Short: "the JSON Schema of a scenario file, for editors", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				text, err := scenarios.Schema()
				if err != nil {
					return err
				}
				_, err = cmd.OutOrStdout().Write(text)
				return err
			},
		},
		checkScenario(),
	)
	return cmd
}

func listScenarios(cmd *cobra.Command, _ []string) error {
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, name := range scenarios.Names() {
		doc, err := scenarios.Open(name)
		if err != nil {
			return err
		}
		total := doc.Scenario.Phases.Total().Seconds() * float64(len(doc.Scenario.Variants))
		fmt.Fprintf(table, "%s\t%s\t%.0f s\n", name, doc.Scenario.Title, total)
	}
	return table.Flush()
}

func checkScenario() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE.yaml", Short: "say what is wrong with a scenario, without running it", Args: exactly(1, "one scenario file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := scenarios.Open(args[0]); err != nil {
				return &exit{exitUsage, err}
			}
			fmt.Fprintln(cmd.OutOrStdout(), words.Printable(args[0])+": sound")
			return nil
		},
	}
}
