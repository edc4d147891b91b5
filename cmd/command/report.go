package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

func reportCommand() *cobra.Command {
	var asJSON bool
	var word, out string
	cmd := &cobra.Command{
		Use:   "report FILE" + history.Extension,
		Short: "print the verdict of a recording, or write it in another form",
		Long: `report reads a whole recording and prints the verdict that the run printed, with the same exit code.

The forms are those that run --out writes: text, json (result.json), junit, md (Markdown), html (one page that needs no network), om (OpenMetrics).`,
		Example: "  hangtime report log-contention" + history.Extension + "\n  hangtime report log-contention" +
			history.Extension + " --format html -o report.html",
		Args: exactly(1, "one recording, such as DIR/log-contention.hangtime"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON {
				word = "json"
			}
			form, err := report.FormNamed(word)
			if err != nil {
				return &exit{exitUsage, fmt.Errorf("--format %w", err)}
			}
			r, err := readRecording(args[0], report.NewLive(nil))
			if err != nil {
				return err
			}
			return outcome(r, writeTo(cmd.OutOrStdout(), out, func(w io.Writer) error { return form.Write(r, w) }))
		},
	}
	cmd.Flags().StringVar(&word, "format", "text", "text, json, junit, md, html or om")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write to (empty: standard output)")
	cmd.MarkFlagsMutuallyExclusive("json", "format")
	return cmd
}
