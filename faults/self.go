package faults

import (
	"os"
	"os/exec"
)

// roleName is the variable in the environment of hangtime's own processes that has their role. The role is their first
// argument too: a person who types such a word gets the usual answer of the command line.
const roleName = "HANGTIME_ROLE"

// inRole is the command that runs this program in a role. Its command line is for people who look at processes:
// "hangtime hold-lock …/async_tasks.log".
func inRole(role string, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, append([]string{role}, args...)...)
	cmd.Args[0] = "hangtime"
	cmd.Env = append(os.Environ(), roleName+"="+role)
	return cmd, nil
}
