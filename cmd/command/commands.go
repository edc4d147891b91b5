package command

import "github.com/spf13/cobra"

// commands are all that hangtime can be told to do, in the order in which help lists them.
func commands() []*cobra.Command {
	return []*cobra.Command{
		runCommand(),
		loadCommand(),
		replayCommand(),
		reportCommand(),
		compareCommand(),
		reproduceCommand(),
		scenariosCommand(),
		watchCommand(),
		diagnoseCommand(),
		doctorCommand(),
		serveCommand(),
		undoCommand(),
		manCommand(),
		versionCommand(),
	}
}
