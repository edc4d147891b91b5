package arbiter

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/worker"
)

// The environment that makes a process a worker.
const (
	RoleVar  = "HANGTIME_ROLE"
	BirthVar = "HANGTIME_WORKER_BIRTH"
	roleWork = "worker"
)

// titleRoom is how long a worker's command line is made, so that a longer title can be written into it later.
const titleRoom = 64

// A spawner starts all children from one thread that lives as long as the arbiter: the parent-death signal of a child
// comes when the *thread* that forked it ends (PR_SET_PDEATHSIG(2const)).
type spawner struct{ jobs chan func() }

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan func())}
	go func() {
		runtime.LockOSThread() // and never unlocked
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

// do runs job on the thread and waits for it.
func (s *spawner) do(job func()) {
	done := make(chan struct{})
	s.jobs <- func() { defer close(done); job() }
	<-done
}

// runningProgram is the file that this process runs, also when another was put in its place meanwhile: the settings
// are handed over in a form that only the same version reads.
const runningProgram = "/proc/self/exe"

// A born child is one process with what the arbiter needs to know it by.
type born struct {
	process *os.Process
	page    *heartbeat.Page
	tmpfile *os.File
	status  *os.File
}

// release gives back what a child that never came to be was to have.
func (b *born) release() {
	if b.page != nil {
		_ = b.page.Unmap()
	}
	for _, f := range []*os.File{b.tmpfile, b.status} {
		if f != nil {
			_ = f.Close()
		}
	}
}

// start makes one worker process.
func (a *Arbiter) start(birth worker.Birth) (b born, err error) {
	text, err := json.Marshal(birth)
	if err != nil {
		return b, fmt.Errorf("tell a worker its settings: %w", err)
	}
	var opened []*os.File
	defer func() {
		for _, f := range opened {
			_ = f.Close() // the child has its own
		}
		if err != nil {
			b.release()
		}
	}()
	memory, err := heartbeat.Create()
	if err != nil {
		return b, err
	}
	opened = append(opened, memory)
	if b.page, err = heartbeat.Map(memory); err != nil {
		return b, err
	}
	b.page.Beat.Store(uint64(a.clock.Now()))
	beatFile := a.null
	if birth.Config.Heartbeat == "tmpfile" {
		if b.tmpfile, err = heartbeat.CreateTemp(birth.Config.WorkerTmpDir); err != nil {
			return b, err
		}
		if a.credential != nil {
			// The worker changes its mode, which only the owner may.
			if err := b.tmpfile.Chown(int(a.credential.Uid), int(a.credential.Gid)); err != nil {
				return b, fmt.Errorf("hand the heartbeat's file to the worker: %w", err)
			}
		}
		beatFile = b.tmpfile
	}
	statusRead, statusWrite, err := os.Pipe()
	if err != nil {
		return b, fmt.Errorf("make a worker's status pipe: %w", err)
	}
	opened = append(opened, statusWrite)
	b.status = statusRead
	if err := unix.SetNonblock(int(statusWrite.Fd()), true); err != nil {
		return b, fmt.Errorf("make a worker's status pipe: %w", err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	if birth.Config.CaptureOutput {
		captured, err := worker.OpenOutput(birth.Config.LogDir)
		if err != nil {
			return b, err
		}
		opened = append(opened, captured)
		stdout, stderr = captured, captured
	}
	files := []*os.File{os.Stdin, stdout, stderr, memory, a.boardFile, a.aliveRead, statusWrite, beatFile}
	for _, l := range a.listeners {
		if birth.Config.ReusePort && l.path == "" {
			if l, err = l.own(&birth.Config); err != nil {
				return b, err
			}
			opened = append(opened, l.File)
		}
		files = append(files, l.File)
	}
	title := fmt.Sprintf("%s: worker [%d]", birth.Config.ProcName, birth.Place)
	attr := &os.ProcAttr{Files: files, Env: append(cleanEnv(), RoleVar+"="+roleWork, BirthVar+"="+string(text)),
		Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: birth.Config.Signals == "arbiter",
			Credential: a.credential}}
	a.spawner.do(func() {
		b.process, err = os.StartProcess(runningProgram,
			[]string{title + strings.Repeat(" ", max(0, titleRoom-len(title)))}, attr)
	})
	if err != nil {
		return b, fmt.Errorf("start a worker: %w", err)
	}
	return b, nil
}

// cleanEnv is the environment without what another arbiter may have put there.
func cleanEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case RoleVar, BirthVar, upgradePidVar, upgradeListenersVar, UpgradeParentVar:
		default:
			env = append(env, v)
		}
	}
	return env
}

// follow passes on what the child says, to its last line, and then how it ended; it is the only one that waits for
// this child, and Run is over only when it has ended. Nobody but the child has the other end of the pipe: what a
// worker starts does not inherit it.
func (a *Arbiter) follow(c *child) {
	lines := bufio.NewScanner(c.status)
	for lines.Scan() {
		var fields map[string]any
		if json.Unmarshal(lines.Bytes(), &fields) == nil {
			a.news <- news{child: c, fields: fields}
		}
	}
	_ = c.status.Close()         // it was only read
	state, _ := c.process.Wait() // without a state it is gone all the same
	a.news <- news{child: c, ended: true, state: state}
}
