package probe

import (
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/hangtime-dev/hangtime/words"
)

// WriteDoctor writes for a person what can be seen of a process and done on this machine, and what would enable the
// rest.
func WriteDoctor(out io.Writer, pid int) error {
	w := &strings.Builder{}
	fmt.Fprintf(w, "evidence on process %d (%s)\n", pid, words.Printable(Command(pid)))
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

// tools are programs of others that go well with hangtime, and whether they are here.
func tools() []Facility {
	all := []Facility{
		{Name: "py-spy", Gives: "a second opinion on Python stacks; hangtime reads them itself",
			Enable: "pip install py-spy"},
		{Name: "gunicorn", Gives: "the server that the guide is about", Enable: "apt-get install gunicorn"},
		{Name: "tmux", Gives: "a terminal that stays when a connection breaks", Enable: "apt-get install tmux"},
	}
	for i := range all {
		path, err := exec.LookPath(all[i].Name)
		if all[i].Here, all[i].OK = path, err == nil; err != nil {
			all[i].Here = "not found"
		}
	}
	return all
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
