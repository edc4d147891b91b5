// Command hangtime-redis is hangtime, whose reference server can keep tasks in Redis as well.
package main

import (
	"os"

	"github.com/hangtime-dev/hangtime/cmd/command"
	_ "github.com/hangtime-dev/hangtime/engines/redis" // serve --tasks=redis
)

func main() { os.Exit(command.Main()) }
