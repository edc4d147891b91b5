// Command bench measures load generators against one another: `make bench-load` runs it.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: bench serve|attack|tools|freeze|pacing|memory …")
		os.Exit(2)
	}
	commands := map[string]func([]string) error{"serve": serve, "attack": attack, "tools": tools, "freeze": proveFreeze, "pacing": provePacing, "memory": proveMemory}
	run, ok := commands[os.Args[1]]
	if !ok {
		fmt.Fprintf(os.Stderr, "bench: %q is no command\n", os.Args[1])
		os.Exit(2)
	}
	if err := run(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
