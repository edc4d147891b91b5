// Command hangtime-rabbitmq is hangtime, whose reference server can keep tasks in RabbitMQ as well.
package main

import (
	"os"

	"github.com/hangtime-dev/hangtime/cmd/command"
	_ "github.com/hangtime-dev/hangtime/engines/rabbitmq" // serve --tasks=rabbitmq
)

func main() { os.Exit(command.Main()) }
