//go:build !linux

package command

import (
	"context"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/run"
)

// What looks at processes, breaks them or serves is there by its name alone, and says what it needs.
func onLinux(name, short string) *cobra.Command {
	return &cobra.Command{Use: name, Short: short + " (needs Linux)", DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error { return &exit{exitUnknown, run.NeedsLinux(name, args)} }}
}

func runCommand() *cobra.Command      { return onLinux("run", "run a scenario") }
func watchCommand() *cobra.Command    { return onLinux("watch", "watch a running server") }
func diagnoseCommand() *cobra.Command { return onLinux("diagnose", "look once at a running server") }
func doctorCommand() *cobra.Command   { return onLinux("doctor", "say what can be seen on this machine") }
func serveCommand() *cobra.Command    { return onLinux("serve", "run the reference server alone") }
func undoCommand() *cobra.Command     { return onLinux("undo", "repair what a killed hangtime broke") }

func role([]string) (bool, int)     { return false, 0 }
func home(cmd *cobra.Command) error { return cmd.Help() }

func (s *loadedServer) find(context.Context, *url.URL, string) error { return run.ErrNeedsLinux }
