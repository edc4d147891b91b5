// Command hangtime finds out why a multi-worker server hangs: it loads and breaks one, shows which worker hangs since
// when and why, and judges what was seen.
package main

import (
	"os"

	"github.com/hangtime-dev/hangtime/cmd/command"
)

func main() { os.Exit(command.Main()) }
