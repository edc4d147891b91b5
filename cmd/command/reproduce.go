package command

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/reproduce"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func reproduceCommand() *cobra.Command {
	var of reproduce.Options
	var out string
	cmd := &cobra.Command{
		Use:   "reproduce RECORDING|INCIDENT.json|ACCESS_LOG",
		Short: "write a scenario that reproduces an observed incident",
		Long: `reproduce writes a scenario file with the observed arrivals, endpoints and worker settings, and with the observed cause as a fault. Running it should show the same incident,
and the checks in the file test that it does.

From a recording (of run or watch) it takes the incident that --incident names, or else the first hang, or else the first crash. From result.json or an incident as JSON it takes the cause; the arrivals
come from --access-log. An access log alone (Common or Combined format, or JSON lines) gives arrivals and endpoints: --cause says what to break, and each endpoint becomes a task of the
reference server. With --url the same requests go to your own server, in the same way.`,
		Example: `  hangtime reproduce log-contention.hangtime -o again.yaml && hangtime run ./again.yaml
  hangtime reproduce result.json --access-log access.log -o again.yaml
  hangtime reproduce access.log --cause file-lock -o again.yaml
  hangtime reproduce access.log --url http://127.0.0.1:8000 -o again.yaml`,
		Args: exactly(1, "one recording, result.json, incident or access log"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := reproduce.File(args[0], of)
			if err != nil {
				return &exit{exitUsage, err}
			}
			return writeTo(cmd.OutOrStdout(), out, func(w io.Writer) error {
				_, err := w.Write(text)
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&out, "output", "o", "", "file to write to (empty: standard output)")
	flags.StringVar(&of.Name, "name", "", "of the scenario (empty: made from the file's)")
	flags.StringVar(&of.Variant, "variant", "", "of the recording, in which the incident was (empty: any)")
	flags.IntVar(&of.Incident, "incident", 0, "its number in its variant (0: the first hang, else the first crash)")
	flags.StringVar(&of.AccessLog, "access-log", "", "take arrivals and endpoints from this access log")
	flags.StringVar(&of.Cause, "cause", "", "what to break, for an access log alone: "+strings.Join(scenarios.Causes(), ", "))
	flags.StringVar(&of.URL, "url", "", "send the access log's requests to this server instead of the reference server")
	return cmd
}
