package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	refserver "github.com/hangtime-dev/hangtime/reference-server"
	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

func serveCommand() *cobra.Command {
	cfg := refserver.Default()
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "run the reference server alone",
		Long: `Runs the reference server: an arbiter and worker processes that behave as gunicorn does, with an async task manager in each worker.
Every practice of the guide is an option whose default is the good side.

  hangtime serve --workers=4
  hangtime serve --workers=4 --logging=shared-lock --timeout=4s`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := cfg.Validate(); err != nil {
				return &exit{exitUsage, err}
			}
			code, err := refserver.Serve(refserver.Start{Config: cfg})
			if err != nil {
				return &exit{1, err}
			}
			if code != 0 {
				return &exit{code, nil}
			}
			return nil
		},
	}
	for _, o := range cfg.Options() {
		addFlag(cmd, o)
	}
	return cmd
}

func addFlag(cmd *cobra.Command, o settings.Option) {
	flags := cmd.Flags()
	help := o.Help
	if o.Choices != nil {
		help += " (" + strings.Join(o.Choices, ", ") + ")"
	}
	switch v := o.Value.(type) {
	case *int:
		flags.IntVar(v, o.Name, *v, help)
	case *bool:
		flags.BoolVar(v, o.Name, *v, help)
	case *string:
		flags.StringVar(v, o.Name, *v, help)
	case *[]string:
		flags.StringArrayVar(v, o.Name, *v, help)
	case *time.Duration:
		flags.Var((*seconds)(v), o.Name, help)
	default:
		panic(fmt.Sprintf("option %s has a value of the unknown kind %T", o.Name, o.Value))
	}
}

// seconds is a time that may be written as gunicorn does, without a unit.
type seconds time.Duration

func (s *seconds) String() string { return time.Duration(*s).String() }
func (s *seconds) Type() string   { return "time" }
func (s *seconds) Set(text string) error {
	d, err := settings.ParseDuration(text)
	*s = seconds(d)
	return err
}
