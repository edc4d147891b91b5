package command

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/rogpeppe/go-internal/testscript"
)

// The real binary against a real server, whose address is $URL.
func TestLoadScripts(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(srv.Close)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/load",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(binary)+":"+env.Getenv("PATH"))
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("URL", srv.URL)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// On a terminal the load has the live screen, and q ends it with the figures so far.
func TestALoadHasTheLiveScreen(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(srv.Close)
	term := startOnTerminal(t, 120, 40, "load", srv.URL, "--rate", "50/s", "--duration", "5m")
	term.waitFor("hits that were answered", func(s string) bool {
		return strings.Contains(s, "50/s asked for, 50/s answered")
	})
	term.press("q")
	term.waitForEnd()
	if text := term.said(); !strings.Contains(text, "50/s constant for 300 s on the fast engine") ||
		!strings.Contains(text, "response") {
		t.Errorf("after q:\n%s", text)
	}
}

// As fast as it can, before all else on the machine: nobody would get a processor any more.
func TestMaxIsRefusedWithRealTimePriority(t *testing.T) {
	if err := exec.Command("chrt", "--fifo", "1", "true").Run(); err != nil {
		t.Skip("real-time priority is not allowed here:", err)
	}
	cmd := exec.Command("chrt", "--fifo", "1", binary, "load", "http://127.0.0.1:1/", "--max", "--duration", "100ms")
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitUsage || !strings.Contains(string(out), "real-time priority") {
		t.Errorf("exit code %d, %s", code, out)
	}
}

// waitForEnd waits until the program has ended.
func (term *terminal) waitForEnd() {
	term.t.Helper()
	select {
	case <-term.ended:
	case <-time.After(90 * time.Second):
		term.t.Fatal("it does not end")
	}
}

// said is all that was written to the terminal.
func (term *terminal) said() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return ansi.Strip(term.raw.String())
}

// oneAtATime answers five requests, and then none.
const oneAtATime = `
import http.server, time
class Handler(http.server.BaseHTTPRequestHandler):
    served = 0
    def do_GET(self):
        Handler.served += 1
        if Handler.served > 5: time.sleep(1000)
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    def log_message(self, *args): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
`

// python starts a server that prints its port.
func python(t *testing.T, program string) (pid, port int) {
	t.Helper()
	server := exec.Command("/usr/bin/python3", "-c", program)
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = server.Process.Kill(), server.Wait() })
	if _, err := fmt.Fscan(out, &port); err != nil {
		t.Fatal(err)
	}
	return server.Process.Pid, port
}

// A server that answers nothing because it hangs is one that hangs, and not one that is not there.
func TestALoadOfWhatHangsFails(t *testing.T) {
	_, port := python(t, strings.Replace(oneAtATime, "Handler.served > 5", "True", 1))
	load := exec.Command(binary, "load", fmt.Sprintf("127.0.0.1:%d", port), "-r", "20/s", "-d", "4s", "-t", "1s")
	text, _ := load.CombinedOutput()
	if code := load.ProcessState.ExitCode(); code != 1 || strings.Contains(string(text), "want a server that answers") {
		t.Errorf("exit code %d, want 1:\n%s", code, text)
	}
}

// What the clients saw and which worker hung meanwhile is one answer, without a word of where the workers are.
func TestALoadSaysWhichWorkerHangs(t *testing.T) {
	pid, port := python(t, oneAtATime)
	load := exec.Command(binary, "load", fmt.Sprintf("127.0.0.1:%d", port), "-r", "20/s", "-d", "4s", "-t", "5s")
	text, _ := load.CombinedOutput()
	if code := load.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1:\n%s", code, text)
	}
	hang := regexp.MustCompile(fmt.Sprintf(`(?m)^  hang +worker 1 \(pid %d\) since .*in Handler\.do_GET \(<string>:7\)`, pid))
	if !hang.Match(text) {
		t.Errorf("the worker's hang is not told:\n%s", text)
	}
}
