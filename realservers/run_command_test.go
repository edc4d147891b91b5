//go:build realservers

package realservers

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A commandRun is a server that a scenario starts (kind: command), and whose load makes it hang.
type commandRun struct {
	name   string
	module string // of the server
	args   []string
	app    string // file of testdata/python
	path   string
	cause  string // empty: nothing hangs
	at     string // line that is named
}

func commandRuns() []commandRun {
	threads := []string{"-k", "gthread", "--threads", "3", "-w", "1", "-t", "300"}
	return []commandRun{
		{"threads wait for a lock", "gunicorn", threads, "pools", "/reserve", "pool-exhausted", "pools.py#reserve"},
		{"threads wait for a queue", "gunicorn", threads, "pools", "/offer", "pool-exhausted", "pools.py#offer"},
		{"the loop waits for a lock", "uvicorn", nil, "loops", "/remember", "mutex", "loops.py#remember"},
		{"the loop sleeps", "uvicorn", nil, "loops", "/nap", "sleeping", "loops.py#nap"},
		{"tasks wait for a lock", "uvicorn", nil, "loops", "/enter", "mutex", "loops.py#enter"},
		{"all is well", "gunicorn", threads, "pools", "/ok", "", ""},
	}
}

// What `run` says of a server that it started itself is what diagnose and watch say of one that runs.
func TestRunOfACommandSaysTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range commandRuns() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

func (c commandRun) run(t *testing.T) {
	s := newStage(t, pypi)
	s.app("python/" + c.app + ".py")
	command := []string{s.tool("python3"), "-m", c.module}
	if c.module == "gunicorn" {
		command = append(command, "-b", s.address())
	} else {
		command = append(command, "--host", "127.0.0.1", "--port", fmt.Sprint(s.port))
	}
	words, err := json.Marshal(append(append(command, c.args...), c.app+":app")) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	expect := "healthy"
	if c.cause != "" {
		expect = "hang, cause: " + c.cause
	}
	// The lock of /enter is taken by its first request, and waited for by the others.
	scenario := s.file("own.yaml", fmt.Sprintf(`name: own
server: {kind: command, command: %s, dir: %q, address: %q}
load: {rate: 2/s, timeout: 60s, targets: [{path: %s}]}
phases: {before: 1s, during: 11s, after: 1s}
variants: [{name: it, expect: %s}]
`, words, s.dir, s.address(), c.path, expect))
	out := filepath.Join(s.dir, "out")
	cmd := exec.CommandContext(t.Context(), binary, "run", scenario, "--headless", "--out", out)
	cmd.Env = append(s.ownEnvironment(), s.env...)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if c.at == "" {
		return
	}
	result, err := os.ReadFile(filepath.Join(out, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	if line := s.line(c.at); !namesLine(string(result), line) {
		t.Errorf("result.json does not name %s:\n%s", line, text)
	}
}
