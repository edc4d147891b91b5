package run

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrNeedsLinux is why nobody looks at a server's workers where there is no Linux.
var ErrNeedsLinux = errors.New("that needs Linux")

// NeedsLinux says how a command that looks at processes is run where their kernel is not Linux.
func NeedsLinux(command string, args []string) error {
	line := []string{command}
	for _, arg := range args {
		if arg == "" || strings.ContainsAny(arg, " \t\n\"'`$*?;&|<>()[]{}~#!\\") {
			arg = strconv.Quote(arg)
		}
		line = append(line, arg)
	}
	return fmt.Errorf(`%s needs Linux; in a container: docker run --rm -it -v "$PWD":/mnt -w /mnt hangtime %s (README.md says how the image is made)`,
		command, strings.Join(line, " "))
}
