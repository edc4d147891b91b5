package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

func compareCommand() *cobra.Command {
	var failIf []string
	var format, out string
	var screen bool
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "compare two recordings, or two folders of recordings",
		Long: `compare prints every figure of two sides and how the second differs. A side is a recording, or a folder with several recordings of one scenario: then medians are compared,
and with four or more on each side compare says whether the difference could be chance (Mann-Whitney U test).`,
		Example: "  hangtime compare before/ after/ --fail-if 'p99 > 1.2x' --fail-if 'tasks_lost > 0'",
		Args:    exactly(2, "two recordings, or two folders of them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			write, ok := map[string]func(report.Comparison, io.Writer) error{
				"text": report.Comparison.Text, "md": report.Comparison.Markdown, "html": report.Comparison.HTML,
			}[format]
			if !ok {
				return &exit{exitUsage, fmt.Errorf("--format %q: want text, md or html", format)}
			}
			var limits []report.Limit
			for _, text := range failIf {
				limit, err := report.ParseLimit(text)
				if err != nil {
					return &exit{exitUsage, fmt.Errorf("--fail-if %w", err)}
				}
				limits = append(limits, limit)
			}
			var sides [2][]*report.Report
			for i, path := range args {
				files, err := history.Recordings(path)
				if err == nil {
					sides[i], err = report.ReadRecordings(files)
				}
				if err != nil {
					return &exit{exitUsage, err}
				}
			}
			a, b := sides[0], sides[1]
			c, err := report.Compare([2]string{args[0], args[1]}, a, b)
			if err != nil {
				return &exit{exitUsage, err}
			}
			if screen {
				return compareOnScreen(cmd, c, a[len(a)-1], b[len(b)-1])
			}
			if err := writeTo(cmd.OutOrStdout(), out, func(w io.Writer) error { return write(c, w) }); err != nil {
				return err
			}
			sentences := cmd.ErrOrStderr()
			if format == "text" && out == "" {
				sentences = cmd.OutOrStdout()
			}
			return judgeLimits(sentences, c, limits)
		},
	}
	cmd.Flags().StringArrayVar(&failIf, "fail-if", nil,
		"exit with 1 when this holds in any variant, such as 'p99 > 1.2x'; may be given again")
	cmd.Flags().StringVar(&format, "format", "text", "text, md or html")
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write to (empty: standard output)")
	cmd.Flags().BoolVar(&screen, "screen", false, "on a screen: both runs' response times on one time axis above the figures")
	return cmd
}

func judgeLimits(out io.Writer, c report.Comparison, limits []report.Limit) error {
	code := exitPass
	for _, l := range limits {
		broken, unknown := l.Broken(c)
		for _, s := range broken {
			fmt.Fprintln(out, "FAIL    ", s)
			code = exitFail
		}
		for _, s := range unknown {
			fmt.Fprintln(out, "UNKNOWN ", s)
			if code == exitPass {
				code = exitUnknown
			}
		}
	}
	if code == exitPass {
		return nil
	}
	return &exit{code, nil}
}
