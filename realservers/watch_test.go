//go:build realservers

package realservers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A watcher is a `hangtime watch --plain` beside the case.
type watcher struct {
	s      *stage
	name   string
	cmd    *exec.Cmd
	out    *os.File // its lines
	paged  string   // file with what --on-hang was handed, one incident a line
	exited chan struct{}
}

// ownEnvironment keeps what hangtime stores out of the user's folders.
func (s *stage) ownEnvironment() []string {
	return append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(s.dir, "state"))
}

func watch(s *stage, name string) *watcher {
	s.t.Helper()
	w := &watcher{s: s, name: name, paged: filepath.Join(s.dir, "paged "+name), exited: make(chan struct{})}
	var err error
	if w.out, err = os.Create(filepath.Join(s.dir, "watched "+name)); err != nil {
		s.t.Fatal(err)
	}
	defer w.out.Close()
	w.cmd = exec.Command(binary, append([]string{"watch", "--plain", "--on-hang", "cat >> '" + w.paged + "'"},
		s.aim()...)...)
	w.cmd.Env = s.ownEnvironment()
	w.cmd.Stdout, w.cmd.Stderr = w.out, w.out
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := w.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		_ = w.cmd.Wait()
		close(w.exited)
	}()
	s.t.Cleanup(func() {
		_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL)
		if !ends(w.exited, killedWithin) {
			s.t.Errorf("watch %s: not even SIGKILL ends it", w.name)
		}
	})
	return w
}

// looks waits until it says that it watches, or has given up.
func (w *watcher) looks() {
	w.s.t.Helper()
	w.s.until("watch says that it watches", func() bool {
		return w.over() || strings.Contains(tail(w.out.Name()), "watching ")
	})
}

// tells waits until it has said of each of these that it hangs (or of any, where there are none), for as long as
// diagnose may look.
func (w *watcher) tells(hung map[int]workerJSON) {
	for deadline := time.Now().Add(7 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		said := hangLines(tail(w.out.Name()))
		missing := len(said) == 0
		for pid := range hung {
			missing = missing || said[pid] == ""
		}
		if w.over() || !missing {
			return
		}
	}
}

func (w *watcher) over() bool {
	select {
	case <-w.exited:
		return true
	default:
		return false
	}
}

// watched is what a watcher has said.
type watched struct {
	name  string
	code  int
	text  string
	kinds map[int]string    // the last cause that it gave for each process that it said hangs
	since map[int]time.Time // since when, as its command was handed it
	death bool              // it called the end of a worker a finding
}

// 14:25:11.4  HANG #1 worker 1 (pid 812), worker 2 (pid 813) since 14:25:01.3: waits … (mutex, likely)
var (
	hangLine  = regexp.MustCompile(`(?m)^\S.*?  HANG #\d+ (.*?) since \d.*\(([a-z-]+), [a-z]+\)$`)
	victimPID = regexp.MustCompile(`\(pid (\d+)\)`)
	deathLine = regexp.MustCompile(`(?m)^\S+  DEATH`)
)

// hangLines are the last cause that was said of each process that hangs.
func hangLines(text string) map[int]string {
	kinds := map[int]string{}
	for _, line := range hangLine.FindAllStringSubmatch(text, -1) {
		for _, pid := range victimPID.FindAllStringSubmatch(line[1], -1) {
			n, _ := strconv.Atoi(pid[1])
			kinds[n] = line[2]
		}
	}
	return kinds
}

// end ends it as Ctrl-C does.
func (w *watcher) end() watched {
	s := w.s
	s.t.Helper()
	_ = w.cmd.Process.Signal(syscall.SIGINT)
	code := -1
	if ends(w.exited, killedWithin) {
		code = w.cmd.ProcessState.ExitCode()
	} else {
		s.t.Errorf("watch %s does not end within %v of Ctrl-C", w.name, killedWithin)
	}
	text, err := os.ReadFile(w.out.Name())
	if err != nil {
		s.t.Fatal(err)
	}
	out := watched{name: w.name, code: code, text: string(text), kinds: hangLines(string(text)), since: map[int]time.Time{}}
	out.death = deathLine.MatchString(out.text)
	paged, err := os.ReadFile(w.paged)
	if err == nil {
		out.read(s, paged)
	}
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Logf("watch %s, exit code %d:\n%s", out.name, out.code, out.text)
		}
	})
	return out
}

// read takes what the command of --on-hang was handed.
func (out *watched) read(s *stage, paged []byte) {
	s.t.Helper()
	for decoder := json.NewDecoder(strings.NewReader(string(paged))); decoder.More(); {
		var one incidentJSON
		if err := decoder.Decode(&one); err != nil {
			s.t.Errorf("watch %s: --on-hang was handed: %v: %s", out.name, err, paged)
			return
		}
		for _, v := range one.Victims {
			out.since[v.PID] = v.Since
		}
	}
}
