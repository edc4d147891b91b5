package python

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
)

// serverApplication answers, but for one path under which it waits for a lock that nobody gives back, and one under
// which it sleeps.
const serverApplication = `
import threading, time
lock = threading.Lock()
lock.acquire()
def app(environ, start_response):
    if environ["PATH_INFO"] == "/lock":
        lock.acquire()
    if environ["PATH_INFO"] == "/sleep":
        time.sleep(3600)
    start_response("200 OK", [("Content-Length", "3")])
    return [b"ok\n"]
application = app
`

func TestRealServersAreIdleAndThenTellTheRequest(t *testing.T) {
	for _, server := range []struct {
		name string
		args []string // SOCKET is where it listens
		path string
		on   string // what its request waits for, at the lock's path
	}{
		{"gunicorn sync", []string{"gunicorn", "-w", "1", "-b", "unix:SOCKET", "app:app"}, "/lock", "lock"},
		{"gunicorn gthread", []string{"gunicorn", "-k", "gthread", "--threads", "2", "-w", "1", "-b", "unix:SOCKET",
			"app:app"}, "/lock", "lock"},
		{"gunicorn gevent", []string{"gunicorn", "-k", "gevent", "-w", "1", "-b", "unix:SOCKET", "app:app"},
			"/sleep", "sleep"},
		{"uWSGI", []string{"uwsgi_python3", "--http-socket", "SOCKET", "--master", "-p", "1", "--module", "app"},
			"/lock", "lock"},
	} {
		t.Run(server.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "app.py"), []byte(serverApplication), 0o600); err != nil {
				t.Fatal(err)
			}
			socket := filepath.Join(dir, "s")
			args := make([]string, len(server.args))
			for i, arg := range server.args {
				args[i] = strings.Replace(arg, "SOCKET", socket, 1)
			}
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Dir = dir
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
				_ = cmd.Wait()
			})
			client := &http.Client{Transport: &http.Transport{
				DisableKeepAlives: true,
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, "unix", socket)
				},
			}}
			answers(t, client)
			worker := childOfProcess(t, cmd.Process.Pid)
			var finder Finder
			r := open(t, &finder, worker)
			eventually(t, r, func(work []stacks.Work) string {
				for _, w := range work {
					if !w.Idle && len(w.Frames) > 0 || w.Request.Path != "" {
						return fmt.Sprintf("an idle server has %+v", w)
					}
				}
				for _, w := range work {
					if w.TID == worker {
						return ""
					}
				}
				return fmt.Sprintf("an idle server has no main thread: %+v", work)
			})
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://server"+server.path+"?a=1", nil)
				if err == nil {
					_, err = client.Do(request) //nolint:bodyclose // it never answers
				}
				done <- err
			}()
			eventually(t, r, func(work []stacks.Work) string {
				for _, w := range work {
					if q := w.Request; q.Method == "GET" && q.Path == server.path && q.Query == "a=1" {
						if w.Idle || w.Wait.On != server.on || w.Kind == "thread" && (!w.Pool || w.TID == 0) {
							return fmt.Sprintf("the request's is %+v", w)
						}
						return ""
					}
				}
				return fmt.Sprintf("no work has the request: %+v", work)
			})
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("the request ended with %v", err)
			}
		})
	}
}

// answers waits until a server answers.
func answers(t *testing.T, client *http.Client) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var response *http.Response
		if response, err = client.Get("http://server/"); err == nil {
			_ = response.Body.Close()
			return
		}
	}
	t.Fatalf("it does not answer: %v", err)
}

// childOfProcess is the only child of a process.
func childOfProcess(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "task", strconv.Itoa(pid), "children"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text))
	if len(fields) == 0 {
		t.Fatalf("process %d has no child", pid)
	}
	child, err := strconv.Atoi(fields[0])
	if err != nil {
		t.Fatal(err)
	}
	return child
}
