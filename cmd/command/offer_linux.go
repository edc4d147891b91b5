package command

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/probe/discovery"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

const sayWhich = "say which server: one of --pid, --pidfile, --port and --socket"

const mostOffered = 20 // servers

// offer lists the servers of this machine, and on a terminal asks which one is meant.
func offer(cmd *cobra.Command) (pid int, err error) {
	found, unread, err := discovery.Here()
	if err != nil {
		return 0, &exit{exitUnknown, fmt.Errorf("look for servers on this machine: %w", err)}
	}
	out := cmd.ErrOrStderr()
	more := max(0, len(found)-mostOffered)
	found = found[:len(found)-more]
	var rows []report.Found
	for _, c := range found {
		rows = append(rows, report.Found{Server: told(c.Target), Children: c.Children})
	}
	if len(rows) > 0 {
		if err := report.WriteFound(out, rows); err != nil {
			return 0, &exit{exitUnknown, err}
		}
	}
	if more > 0 {
		fmt.Fprintf(out, "and %d more\n", more)
	}
	if unread > 0 {
		fmt.Fprintf(out, "and %s whose process is not seen from here%s\n", words.Count(unread, "listening port"), asRoot())
	}
	switch {
	case len(found) == 0:
		return 0, &exit{exitUsage, errors.New("no server that listens was found on this machine; " + sayWhich)}
	case !onTerminal(cmd.OutOrStdout()):
		return 0, &exit{exitUsage, errors.New(sayWhich)}
	}
	return ask(cmd.InOrStdin(), out, found)
}

// asRoot is what would show more.
func asRoot() string {
	if os.Geteuid() == 0 {
		return ""
	}
	return "; root sees more"
}

// ask asks for the number of one in the list; an empty line is the first.
func ask(in io.Reader, out io.Writer, found []discovery.Candidate) (pid int, err error) {
	fmt.Fprintf(out, "which one? [1] ")
	text, err := bufio.NewReader(in).ReadString('\n')
	if text = strings.TrimSpace(text); err != nil && text == "" {
		fmt.Fprintln(out)
		return 0, &exit{exitUsage, errors.New(sayWhich)}
	}
	if text == "" {
		return found[0].Arbiter, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(found) {
		return 0, &exit{exitUsage, fmt.Errorf("want a number from 1 to %d, got %.40q", len(found), text)}
	}
	return found[n-1].Arbiter, nil
}
