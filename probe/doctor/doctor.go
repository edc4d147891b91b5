package doctor

import (
	"fmt"
	"io"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/words"
)

// Write writes for a person what can be seen of a process and done on this machine, and what would enable the
// rest.
func Write(out io.Writer, pid int) error {
	w := &strings.Builder{}
	fmt.Fprintf(w, "evidence on process %d (%s)\n", pid, words.Printable(proc.FS("/proc").Command(pid)))
	for _, a := range Abilities(pid) {
		mark(w, Facility{Name: a.Name, Gives: a.Gives, OK: a.OK, Here: a.Why, Enable: a.Enable})
	}
	fmt.Fprintln(w, "this machine")
	for _, f := range Facilities() {
		mark(w, f)
	}
	fmt.Fprintln(w, "other tools")
	for _, f := range tools() {
		mark(w, f)
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// mark writes one line; of what is there what it is, of the rest what would enable it.
func mark(w *strings.Builder, f Facility) {
	switch {
	case f.OK && f.Here != "":
		fmt.Fprintf(w, "  ok  %-34s %s (%s)\n", f.Name, f.Gives, f.Here)
	case f.OK:
		fmt.Fprintf(w, "  ok  %-34s %s\n", f.Name, f.Gives)
	default:
		fmt.Fprintf(w, "  --  %-34s %s\n", f.Name, f.Gives)
		fmt.Fprintf(w, "      %-34s %s; to enable: %s\n", "", f.Here, f.Enable)
	}
}
