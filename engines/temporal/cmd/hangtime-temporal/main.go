// Command hangtime-temporal is hangtime, whose reference server can keep tasks in Temporal as well.
package main

import (
	"os"

	"github.com/hangtime-dev/hangtime/cmd/command"
	_ "github.com/hangtime-dev/hangtime/engines/temporal" // serve --tasks=temporal
)

func main() { os.Exit(command.Main()) }
