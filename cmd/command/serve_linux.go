package command

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	refserver "github.com/hangtime-dev/hangtime/reference-server"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

func serveCommand() *cobra.Command {
	defaults := refserver.Default() // what the flags write into; serveConfig reads them, the environment and the file
	var file string
	var check, print bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "run the reference server alone",
		Long: `serve runs the reference server: an arbiter and worker processes that behave as gunicorn does, with an async task manager in each worker.
Every practice of the guide "Running Async Tasks with Multiple Gunicorn Workers" is an option; by default it is followed.

  hangtime serve --workers=4
  hangtime serve --workers=4 --logging=shared-lock --timeout=4s
  hangtime serve --config server.yaml --print-config

An option comes from its flag, or else from the environment (HANGTIME_WORKERS=4), or else from the file. Names may be written with - or _, and as in gunicorn.conf.py.
Exit codes: 0 it was told to stop, 1 it could not start, 2 an option is wrong, 3 a worker failed to boot, 4 the application failed to load.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := serveConfig(cmd.Flags(), file)
			if err != nil {
				return &exit{exitUsage, err}
			}
			if print {
				return cfg.WriteYAML(cmd.OutOrStdout())
			}
			if check {
				return nil
			}
			code, err := refserver.Serve(refserver.Start{Config: cfg,
				Reload: func() (refserver.Config, error) { return serveConfig(cmd.Flags(), file) }})
			if err != nil {
				return &exit{1, err}
			}
			if code != 0 {
				return &exit{code, nil}
			}
			return nil
		},
	}
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(settings.Canonical(name))
	})
	for _, o := range defaults.Options() {
		addFlag(cmd.Flags(), o)
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "read options from this file: .yaml, .toml or .json")
	cmd.Flags().BoolVar(&check, "check-config", false, "say what is wrong with the options, and start nothing")
	cmd.Flags().BoolVar(&print, "print-config", false, "print every option as a file that --config reads, and start nothing")
	return cmd
}

func addFlag(flags *pflag.FlagSet, o settings.Option) {
	help := o.Help
	if o.Choices != nil {
		help += " (" + strings.Join(o.Choices, ", ") + ")"
	}
	short := settings.Shorthands()[o.Name]
	switch v := o.Value.(type) {
	case *int:
		flags.IntVarP(v, o.Name, short, *v, help)
	case *bool:
		flags.BoolVarP(v, o.Name, short, *v, help)
	case *string:
		flags.StringVarP(v, o.Name, short, *v, help)
	case *[]string:
		flags.StringArrayVarP(v, o.Name, short, *v, help)
	case *time.Duration:
		flags.VarP((*settings.Seconds)(v), o.Name, short, help)
	default:
		panic(fmt.Sprintf("option %s has a value of the unknown kind %T", o.Name, o.Value))
	}
}
