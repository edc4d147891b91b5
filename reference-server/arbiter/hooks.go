package arbiter

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// hookLimit bounds the commands that wait for the one that runs; beyond it they are not run, and that is said.
const hookLimit = 64

// A hookRunner runs the commands of hooks, one after the other in the order in which the hooks were reached, beside
// the arbiter: a command that hangs must not keep the arbiter from its workers.
type hookRunner struct {
	account *Account
	jobs    chan hookJob
	ended   chan hookEnd

	mu       sync.Mutex
	commands map[string]string
	limit    time.Duration
	running  int // the process of the command that was started last
}

type hookJob struct {
	name, command string
	limit         time.Duration
	env           []string
	fields        Fields
}

type hookEnd struct {
	job  hookJob
	took time.Duration
	err  error
}

func newHookRunner(cfg *settings.Config, account *Account) *hookRunner {
	h := &hookRunner{account: account, jobs: make(chan hookJob, hookLimit), ended: make(chan hookEnd, hookLimit)}
	h.set(cfg)
	go func() {
		defer close(h.ended)
		for job := range h.jobs {
			began := time.Now()
			err := job.run(h.start)
			h.ended <- hookEnd{job, time.Since(began), err}
		}
	}()
	return h
}

// set takes over the commands of the settings.
func (h *hookRunner) set(cfg *settings.Config) {
	commands, err := cfg.HookCommands()
	if err != nil {
		commands = nil // settings are validated before
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commands, h.limit = commands, cfg.HookTimeout
}

// start starts the command; nobody may ask whose a process is between its birth and its being noted.
func (h *hookRunner) start(cmd *exec.Cmd) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	h.running = cmd.Process.Pid
	return nil
}

// runs says whether the process is the command's.
func (h *hookRunner) runs(pid int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.running == pid
}

// run gives the command the time it has; then all processes that it started are killed.
func (j hookJob) run(start func(*exec.Cmd) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), j.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", j.command)
	cmd.Env = append(cleanEnv(), j.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 100 * time.Millisecond
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("it did not end within %v", j.limit)
	case err != nil:
		return fmt.Errorf("%w%s", err, lastLine(out.String()))
	}
	return nil
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	last := lines[len(lines)-1]
	return ": " + last[:min(len(last), 200)]
}

// reached says that a hook of the guide was reached, by process pid, and starts its command if it has one.
func (h *hookRunner) reached(name string, pid int, more Fields) {
	fields := Fields{"name": name, "pid": pid}
	maps.Copy(fields, more)
	h.account.Say("info", "hook", fields)
	h.mu.Lock()
	command, limit := h.commands[name], h.limit
	h.mu.Unlock()
	if command == "" {
		return
	}
	env := []string{"HANGTIME_HOOK_NAME=" + name, "HANGTIME_HOOK_PID=" + strconv.Itoa(pid)}
	if place, ok := more["worker"]; ok {
		env = append(env, fmt.Sprintf("HANGTIME_HOOK_WORKER=%v", place))
	}
	select {
	case h.jobs <- hookJob{name, command, limit, env, fields}:
	default:
		h.account.Say("error", "hook-skipped",
			Fields{"name": name, "pid": pid, "reason": fmt.Sprintf("%d commands wait already", hookLimit)})
	}
}

// tell says how a command ended.
func (h *hookRunner) tell(e hookEnd) {
	fields := Fields{"took_ms": float64(e.took.Microseconds()) / 1000}
	maps.Copy(fields, e.job.fields)
	if e.err != nil {
		fields["reason"] = e.err.Error()
		h.account.Say("error", "hook-failed", fields)
		return
	}
	h.account.Say("info", "hook-done", fields)
}

// finish gives the commands that were begun or wait the time that one has.
func (h *hookRunner) finish() {
	close(h.jobs)
	h.mu.Lock()
	limit := h.limit
	h.mu.Unlock()
	t := time.NewTimer(limit + time.Second)
	defer t.Stop()
	for {
		select {
		case e, more := <-h.ended:
			if !more {
				return
			}
			h.tell(e)
		case <-t.C:
			return
		}
	}
}
