package discovery

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestServersAreFoundUnnamed: one with workers that nobody named is among them once, and is not told by its workers.
func TestServersAreFoundUnnamed(t *testing.T) {
	cmd := exec.Command("/usr/bin/python3", "-c", crew, "listens")
	if _, err := begin(t, cmd).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	all, _, err := Here()
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(c Candidate) bool { return !strings.Contains(Command(c.Arbiter), "create_server") })
	if len(all) != 1 || all[0].Arbiter != cmd.Process.Pid || all[0].Children != 2 || all[0].Single ||
		!strings.HasPrefix(all[0].Address, "127.0.0.1:") {
		t.Errorf("found %+v, want process %d with two workers", all, cmd.Process.Pid)
	}
}
