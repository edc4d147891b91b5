package proc

import (
	"strings"
	"unicode"
)

// maxCommand bounds a command line for people, in bytes.
const maxCommand = 120

// Command is a process's command line for people (proc_pid_cmdline(5)), at most 120 bytes: its name in brackets where
// it has none, empty where there is no such process.
func (fs FS) Command(pid int) string {
	text, err := Read(fs.Path(pid, "cmdline"), 4096)
	// One line, whatever stands in it: an argument may be a whole program.
	words := strings.Join(strings.FieldsFunc(string(text),
		func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if err != nil || words == "" {
		if s, err := fs.Stat(pid); err == nil {
			return "[" + s.Comm + "]"
		}
		return ""
	}
	if len(words) > maxCommand {
		words = strings.ToValidUTF8(words[:maxCommand-len("…")], "") + "…"
	}
	return words
}
