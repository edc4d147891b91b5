//go:build realservers

package realservers

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// lookWithin is how long diagnose may take: it says itself that it looks for up to 7 s; the rest is for a busy machine.
const lookWithin = 30 * time.Second

// A lookJSON is what these tests read of `hangtime diagnose --json`, as docs/diagnosis.md describes it.
type lookJSON struct {
	Time      time.Time      `json:"time"`
	Healthy   bool           `json:"healthy"`
	Workers   []workerJSON   `json:"workers"`
	Incidents []incidentJSON `json:"incidents"`
}

type workerJSON struct {
	PID   int        `json:"pid"`
	State string     `json:"state"`
	Label string     `json:"label"`
	For   float64    `json:"for_seconds"`
	Cause *causeJSON `json:"cause"`

	AtLeast bool `json:"at_least"` // of a unix socket the kernel keeps no times: it hangs at least since then
}

type causeJSON struct {
	Kind     string   `json:"kind"`
	Sentence string   `json:"sentence"`
	Where    string   `json:"where"`
	Stack    []string `json:"stack"`
	Chain    []string `json:"chain"`
	Cycle    bool     `json:"cycle"`
	Holders  []struct {
		PID int `json:"pid"`
	} `json:"holders"`
}

// code is all that a cause says of the application's code.
func (c causeJSON) code() string {
	return c.Sentence + "\n" + c.Where + "\n" + strings.Join(c.Stack, "\n") + "\n" + strings.Join(c.Chain, "\n")
}

type incidentJSON struct {
	Kind    string    `json:"kind"`
	Cause   causeJSON `json:"cause"`
	Victims []struct {
		PID   int       `json:"pid"`
		Since time.Time `json:"since"`
		End   string    `json:"end"`
	} `json:"victims"`
}

// told is what two looks at one moment say, one for programs and one for people.
type told struct {
	lookJSON
	code, textCode int
	text           string
	wrong          string // standard error
}

// hung are the workers that hang, by their process numbers.
func (d told) hung() map[int]workerJSON {
	all := map[int]workerJSON{}
	for _, w := range d.Workers {
		if w.State == "hung" || w.State == "stopped" {
			all[w.PID] = w
		}
	}
	return all
}

// aim is how the server is named to hangtime, and what counts as a hang.
func (s *stage) aim() []string {
	aim := s.target
	if len(aim) == 0 {
		aim = []string{"--pid", strconv.Itoa(s.server.pid)}
	}
	if s.limit > 0 {
		aim = append(slices.Clone(aim), "--hang-after", s.limit.String())
	}
	return append(slices.Clone(aim), s.databases...)
}

func look(s *stage) told {
	s.t.Helper()
	var d told
	var hands sync.WaitGroup
	hands.Go(func() { d.text, _, d.textCode = s.hangtime(append([]string{"diagnose", "--plain"}, s.aim()...)...) })
	var text string
	text, d.wrong, d.code = s.hangtime(append([]string{"diagnose", "--json"}, s.aim()...)...)
	hands.Wait()
	if err := json.Unmarshal([]byte(text), &d.lookJSON); err != nil {
		s.t.Errorf("diagnose --json: %v: exit code %d, %s%s", err, d.code, text, d.wrong)
	}
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Logf("diagnose, exit code %d:\n%s%s", d.textCode, d.text, d.wrong)
		}
	})
	return d
}

// hangtime runs the real binary to its end.
func (s *stage) hangtime(args ...string) (out, wrong string, code int) {
	return s.run(append([]string{binary}, args...)...)
}

// run runs a program to its end. One that even SIGKILL does not end, for it stands in a call of the kernel that
// cannot be broken off, is given up.
func (s *stage) run(args ...string) (out, wrong string, code int) {
	s.t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = s.ownEnvironment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said, complained bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &complained
	if err := cmd.Start(); err != nil {
		return "", err.Error(), -1
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	if !ends(exited, lookWithin) {
		s.t.Errorf("%v does not end within %v", args, lookWithin)
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if !ends(exited, killedWithin) {
			return "", "not even SIGKILL ends it", -1
		}
	}
	return said.String(), complained.String(), cmd.ProcessState.ExitCode()
}

// killedWithin is how long what was killed may take to be gone.
const killedWithin = 5 * time.Second

func ends(exited <-chan struct{}, within time.Duration) bool {
	select {
	case <-exited:
		return true
	case <-time.After(within):
		return false
	}
}
