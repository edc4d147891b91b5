package command

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hangtime-dev/hangtime/report"
)

const nobody = 65534

// The workers' own user sees why they hang; root runs this test with a server and a hangtime of another user.
func TestWatchSeesAHangAsTheServersOwnUser(t *testing.T) {
	t.Parallel()
	var as *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chmod(filepath.Dir(binary), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	command := []string{"gunicorn", "--workers", "2", "--timeout", "300", "--bind", "127.0.0.1:PORT", "app:app"}
	if as != nil {
		command = append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, command...)
	}
	s := startReal(t, "gunicorn", command...)
	s.accepts()
	dir, err := os.MkdirTemp("", "hangtime-watch-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "watch", "--port", fmt.Sprint(s.port), "--plain", "--out", filepath.Join(dir, "seen"),
		"--on-hang", "cat > "+filepath.Join(dir, "incident.json"))
	cmd.SysProcAttr = as
	out, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	said := func() string {
		text, err := os.ReadFile(out.Name())
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("watch said:\n%s", said())
		}
	})
	pid := s.hang("/hang/sleep", "sleep", "")
	var incident report.Incident
	s.until("--on-hang is called", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "incident.json"))
		return err == nil && json.Unmarshal(text, &incident) == nil
	})
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.until("its end and its successor are told", func() bool {
		_, after, gone := strings.Cut(said(), fmt.Sprintf("is gone: pid %d, SIGKILL", pid))
		return gone && strings.Contains(after, "is there: pid ")
	})
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if incident.Kind != "hang" || incident.Cause.Kind != "sleeping" || len(incident.Victims) != 1 ||
		incident.Victims[0].PID != pid || !strings.Contains(incident.Cause.Where, "app.py:") {
		t.Errorf("the incident is %+v", incident)
	}
	for _, want := range []string{"watching process", "HANG #1 worker", "app.py:",
		fmt.Sprintf("is gone: pid %d, SIGKILL", pid), "watched for", "1 hang", "% of a core"} {
		if !strings.Contains(said(), want) {
			t.Errorf("%q is not said", want)
		}
	}
	if as != nil && !strings.Contains(said(), "not seen: kernel stacks") {
		t.Error("it does not say what it may not read")
	}
	recordings, _ := filepath.Glob(filepath.Join(dir, "seen", "*.hangtime"))
	if len(recordings) != 1 {
		t.Fatalf("recordings: %v", recordings)
	}
	again, _ := exec.Command(binary, "replay", "--headless", recordings[0]).CombinedOutput()
	if !strings.Contains(string(again), "blocking sleep") {
		t.Errorf("the recording says:\n%s", again)
	}
}

// The screen of watch has the looks that a person chose, and says how to see the recording again.
func TestWatchOnATerminalLooksAsAsked(t *testing.T) {
	t.Parallel()
	s := startReal(t, "gunicorn", "gunicorn", "--workers", "2", "--bind", "127.0.0.1:PORT", "app:app")
	s.accepts()
	dir := t.TempDir()
	config := write(t, "config.yaml", "keys: {verdict: f5, leave: x}\n")
	term := startOnTerminal(t, 200, 40, "watch", "--port", fmt.Sprint(s.port), "--config", config, "--ascii", "--out", dir)
	term.waitFor("two workers", func(text string) bool { return len(states(text)) == 2 })
	term.press("\x1b[15~") // F5
	screen := term.waitFor("how to see it again",
		func(text string) bool { return strings.Contains(text, "hangtime replay ") })
	recordings, err := filepath.Glob(filepath.Join(dir, "*.hangtime"))
	if err != nil || len(recordings) != 1 || !strings.Contains(screen, "hangtime replay "+recordings[0]) {
		t.Errorf("recordings %v, %v; the screen says:\n%s", recordings, err, screen)
	}
	for _, r := range screen {
		if r > 0x7f {
			t.Errorf("%q is not ASCII", r)
			break
		}
	}
	term.press("x")
	if code := exitCode(t, term.cmd.Wait()); code != exitPass {
		t.Errorf("exit code %d, want %d", code, exitPass)
	}
	plain := startOnTerminal(t, 200, 40, "watch", "--port", fmt.Sprint(s.port), "--plain", "--for", "100ms")
	plain.waitForEnd()
	if text := plain.said(); !strings.Contains(text, "only reading; Ctrl-C ends it") {
		t.Errorf("--plain shows:\n%s", text)
	}
}

func TestDiagnoseSaysHealthyAndWhatIsWrongWithTheQuestion(t *testing.T) {
	t.Parallel()
	s := startReal(t, "gunicorn", "gunicorn", "--workers", "2", "--bind", "127.0.0.1:PORT", "app:app")
	s.accepts()
	look, _ := s.diagnose(0, "--port", fmt.Sprint(s.port))
	if !look.Healthy || len(look.Workers) != 2 || len(look.Incidents) != 0 || look.Backlog == nil {
		t.Errorf("%+v", look)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "want a process number", []string{"diagnose", "gunicorn"}},
		{2, "one of --pid, --pidfile, --port and --socket", []string{"diagnose"}},
		{2, "one of --pid, --pidfile, --port and --socket", []string{"watch", "--pid", "1", "--port", "1"}},
		{3, "nothing listens there", []string{"watch", "--port", fmt.Sprint(freePort(t))}},
		{3, "there is none", []string{"diagnose", "4194304"}},
		{3, "read the pidfile", []string{"watch", "--pidfile", filepath.Join(t.TempDir(), "none")}},
		{2, "want at least 1s", []string{"watch", "--port", "1", "--every", "1ms"}},
	} {
		cmd := exec.Command(binary, c.args...)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(string(out), c.want) {
			t.Errorf("%v: exit code %d, %s", c.args, code, out)
		}
	}
}

func TestDoctorSaysWhatWorksHere(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(binary, "doctor").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"ok  system calls", "sockets (sock_diag)", "open files", "py-spy"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not said in:\n%s", want, out)
		}
	}
}
