package arbiter

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/heartbeat"
	"github.com/hangtime-dev/hangtime/reference-server/worker"
)

// titleRoom is how long a worker's command line is made, so that a longer title can be written into it later.
const titleRoom = 64

// runningProgram is the file that this process runs, also when another was put in its place meanwhile: the settings
// are handed over in a form that only the same version reads.
const runningProgram = "/proc/self/exe"

// A launcher makes worker processes, of what they inherit from the arbiter.
type launcher struct {
	spawner    *spawner
	clock      heartbeat.Clock
	null       *os.File
	board      *os.File
	alive      *os.File // its other end is closed by the end of the arbiter, however that comes
	access     *os.File // to the task engine; nil: there is none
	listeners  []*Listener
	credential *syscall.Credential // who they run as; nil: who the arbiter runs as
}

// start makes one worker process.
func (l *launcher) start(birth worker.Birth) (b born, err error) {
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
	b.page.Beat.Store(uint64(l.clock.Now()))
	beatFile := l.null
	if birth.Config.Heartbeat == "tmpfile" {
		if b.tmpfile, err = heartbeat.CreateTemp(birth.Config.WorkerTmpDir); err != nil {
			return b, err
		}
		if l.credential != nil {
			// The worker changes its mode, which only the owner may.
			if err := b.tmpfile.Chown(int(l.credential.Uid), int(l.credential.Gid)); err != nil {
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
	access := l.null
	if l.access != nil {
		access = l.access
	}
	files := []*os.File{os.Stdin, stdout, stderr, memory, l.board, l.alive, statusWrite, beatFile, access}
	for _, socket := range l.listeners {
		if birth.Config.ReusePort && socket.path == "" {
			if socket, err = socket.own(&birth.Config); err != nil {
				return b, err
			}
			opened = append(opened, socket.File)
		}
		files = append(files, socket.File)
	}
	title := fmt.Sprintf("%s: worker [%d]", birth.Config.ProcName, birth.Place)
	attr := &os.ProcAttr{Files: files, Env: append(cleanEnv(), RoleVar+"="+WorkerRole, BirthVar+"="+string(text)),
		Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: birth.Config.Signals == "arbiter",
			Credential: l.credential}}
	l.spawner.do(func() {
		b.process, err = os.StartProcess(runningProgram,
			[]string{title + strings.Repeat(" ", max(0, titleRoom-len(title)))}, attr)
	})
	if err != nil {
		return b, fmt.Errorf("start a worker: %w", err)
	}
	return b, nil
}
