package proc

import "strings"

// Wchan is the kernel's function in which a thread sleeps (proc_pid_wchan(5)); empty: it does not sleep there, or it
// may not be told.
func (t Thread) Wchan() string {
	text, err := Read(t.Path("wchan"), 256)
	if err != nil || string(text) == "0" {
		return ""
	}
	return strings.TrimSpace(string(text))
}
