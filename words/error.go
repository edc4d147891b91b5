package words

import (
	"fmt"
	"io"
	"strings"
)

// Bounds of what is said of an error: a file that is wrong in every line, or in one long line, must not bury the first
// reason under the others.
const (
	MostErrors    = 20
	MostErrorLine = 500 // bytes, with its end
)

// WriteError says an error, a line for each thing that is wrong, each after the program's name.
func WriteError(out io.Writer, program string, err error) {
	name := program + ": "
	text := strings.ReplaceAll(err.Error(), "\n\nDid you mean this?\n\t", "; did you mean ") // as cobra asks of a wrong command
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for _, line := range lines[:min(len(lines), MostErrors)] {
		fmt.Fprintln(out, name+Within(Printable(line), MostErrorLine-len(name)-1))
	}
	if more := len(lines) - MostErrors; more > 0 {
		fmt.Fprintf(out, "%sand %s more\n", name, Number(more))
	}
}
