//go:build bench

package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A server is one that the bench has started.
type server struct {
	kind    string // "reference", "gunicorn" (Debian's), "gunicorn 27", "uvicorn", "php-fpm", "Celery"
	pid     int    // of its arbiter
	address string // of a queue's workers, who listen nowhere, their broker's
	dir     string
	stdout  *os.File // reading end of its standard output, where that is wanted; nobody reads it otherwise
}

// start starts a server of a kind with the arguments given and waits until it accepts; it is ended with the test.
func start(ctx context.Context, t *testing.T, kind string, args []string) *server {
	t.Helper()
	s := &server{kind: kind, dir: t.TempDir()}
	var cmd *exec.Cmd
	switch kind {
	case "reference":
		cmd = exec.Command(*binary, append([]string{"serve", "--bind=127.0.0.1:0", "--log-dir=" + s.dir,
			"--exit-with-parent", "--timeout=0"}, args...)...)
	case "gunicorn", "gunicorn 27":
		program, module := "gunicorn", "app:app"
		if kind != "gunicorn" {
			program, module = filepath.Join(today(t), "gunicorn"), "waits:app"
		}
		s.address = freeAddress(t)
		cmd = exec.Command(program, append([]string{"--chdir", here(t), "--bind", s.address, "--timeout=300",
			"--worker-tmp-dir", s.dir, "--log-level=error"}, append(args, module)...)...)
	case "php-fpm":
		cmd = s.fpm(t)
	case "Celery":
		cmd = s.celery(t, args)
	case "uvicorn":
		s.address = freeAddress(t)
		host, port, _ := net.SplitHostPort(s.address)
		cmd = exec.Command(filepath.Join(today(t), "uvicorn"), append([]string{"--app-dir", here(t), "--host", host,
			"--port", port, "--log-level=error", "waits:tasks"}, args...)...)
	}
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var theirs *os.File
	if s.stdout, theirs, err = os.Pipe(); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.FcntlInt(theirs.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	s.pid = cmd.Process.Pid
	ready := make(chan string, 1)
	told := make(chan struct{})
	go func() {
		defer close(told)
		listen(said, ready)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(s.pid, syscall.SIGTERM)
		over := time.AfterFunc(5*time.Second, func() { _ = syscall.Kill(-s.pid, syscall.SIGKILL) })
		<-told
		_ = cmd.Wait()
		over.Stop()
		_ = syscall.Kill(-s.pid, syscall.SIGKILL)
		_ = s.stdout.Close()
	})
	if kind == "reference" {
		select {
		case s.address = <-ready:
		case <-time.After(20 * time.Second):
			t.Fatal("the reference server did not say that it listens")
		}
	}
	network, address := "tcp", s.address
	if kind == "Celery" {
		s.awaitChildren(ctx, t, 4)
	}
	if kind == "php-fpm" { // the proxy may be there before it
		network, address = "unix", filepath.Join(s.dir, "fpm.sock")
	}
	for began := time.Now(); ; {
		c, err := net.Dial(network, address)
		if err == nil {
			_ = c.Close()
			break
		}
		if time.Since(began) > 20*time.Second || ctx.Err() != nil {
			t.Fatalf("%s does not accept: %v", kind, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return s
}

// fpm writes the files of php-fpm with four children, and starts nginx before it, which speaks HTTP.
func (s *server) fpm(t *testing.T) *exec.Cmd {
	t.Helper()
	found, err := filepath.Glob("/usr/sbin/php-fpm*")
	if err != nil || len(found) == 0 {
		t.Fatal("no php-fpm in /usr/sbin (.ci/install-tools installs it)")
	}
	s.address = freeAddress(t)
	for name, text := range map[string]string{
		"wait.php": `<?php if (isset($_GET["for"])) usleep((int) (1e6 * (float) $_GET["for"])); echo getmypid(), " 0\n";`,
		"fpm.conf": "[global]\nerror_log = DIR/fpm.log\ndaemonize = no\n[bench]\nuser = www-data\ngroup = www-data\n" +
			"listen = DIR/fpm.sock\nlisten.mode = 0666\npm = static\npm.max_children = 4\n",
		"nginx.conf": "daemon off;\npid DIR/nginx.pid;\nerror_log DIR/nginx.log;\nworker_processes 1;\nuser www-data;\n" +
			"events { worker_connections 512; }\nhttp { access_log off;\nclient_body_temp_path DIR/n1;\nproxy_temp_path DIR/n2;\n" +
			"fastcgi_temp_path DIR/n3;\nuwsgi_temp_path DIR/n4;\nscgi_temp_path DIR/n5;\nserver { listen ADDRESS;\n" +
			"location / { include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME DIR/wait.php;\n" +
			"fastcgi_pass unix:DIR/fpm.sock; } } }\n",
	} {
		text = strings.NewReplacer("DIR", s.dir, "ADDRESS", s.address).Replace(text)
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for dir := s.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // its children are another user's
			t.Fatal(err)
		}
	}
	proxy := exec.Command("/usr/sbin/nginx", "-c", filepath.Join(s.dir, "nginx.conf"))
	proxy.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-proxy.Process.Pid, syscall.SIGKILL)
		_ = proxy.Wait()
	})
	return exec.Command(found[len(found)-1], "-F", "-R", "-y", filepath.Join(s.dir, "fpm.conf"))
}

// celery starts a broker, which is Redis, and is the command of a Celery worker that takes its tasks.
func (s *server) celery(t *testing.T, args []string) *exec.Cmd {
	t.Helper()
	s.address = freeAddress(t)
	_, port, _ := net.SplitHostPort(s.address)
	broker := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", s.dir)
	broker.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := broker.Start(); err != nil {
		t.Fatalf("%v (.ci/install-tools installs it)", err)
	}
	t.Cleanup(func() {
		_ = broker.Process.Kill()
		_ = broker.Wait()
	})
	url := "redis://" + s.address + "/0"
	return exec.Command(filepath.Join(today(t), "celery"), append([]string{"--broker", url, "--result-backend", url, "--quiet", "worker",
		"--loglevel=ERROR"}, args...)...)
}

// awaitChildren waits until the server has so many children.
func (s *server) awaitChildren(ctx context.Context, t *testing.T, want int) {
	t.Helper()
	path := fmt.Sprintf("/proc/%d/task/%d/children", s.pid, s.pid)
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err == nil && len(strings.Fields(string(text))) >= want {
			return
		}
		if time.Since(began) > 30*time.Second || ctx.Err() != nil {
			t.Fatalf("%s has not the children %d that it is to have: %q, %v", s.kind, want, text, err)
		}
	}
}

// here is the folder of the applications.
func here(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// today is the folder with the programs of the Python servers whose versions this project has locked.
func today(t *testing.T) string {
	t.Helper()
	folder, err := exec.Command("../../.ci/python-servers").Output()
	if err != nil {
		t.Fatalf("find the Python servers (.ci/install-tools installs them): %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(folder)), "bin")
}

// listen reads a server's standard error to its end; the reference server says there where it listens.
func listen(said io.Reader, ready chan<- string) {
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		var line struct {
			Event     string   `json:"event"`
			Addresses []string `json:"addresses"`
			Address   string   `json:"address"`
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		at := line.Address
		if len(line.Addresses) > 0 {
			at = line.Addresses[0]
		}
		if at != "" {
			select {
			case ready <- at:
			default:
			}
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// An answer is what became of one request.
type answer struct {
	sent  time.Duration // on the watch's clock
	took  time.Duration
	port  int // ours
	pid   int // of the worker that says it answered
	began time.Duration
	task  string
	err   error
}

// ask sends one request on a connection of its own and waits at most wait for the answer.
func (w *watch) ask(s *server, method, path, body string, wait time.Duration) answer {
	a := answer{sent: w.rec.Now()}
	defer func() { a.took = w.rec.Now() - a.sent }()
	c, err := net.DialTimeout("tcp", s.address, wait)
	if err != nil {
		a.err = err
		return a
	}
	defer func() { _ = c.Close() }()
	a.port = c.LocalAddr().(*net.TCPAddr).Port
	_ = c.SetDeadline(time.Now().Add(wait))
	a.sent = w.rec.Now()
	if _, a.err = fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
		method, path, len(body), body); a.err != nil {
		return a
	}
	text, err := io.ReadAll(c)
	if err != nil {
		a.err = err
		return a
	}
	_, content, _ := strings.Cut(string(text), "\r\n\r\n")
	w.read(&a, content)
	return a
}

// read takes the process and the moment from an answer: of our application "PID NANOSECONDS", of the reference server JSON.
func (w *watch) read(a *answer, content string) {
	var task struct {
		ID     string
		PID    int
		Waited float64 `json:"waited_ms"`
	}
	if json.Unmarshal([]byte(content), &task) == nil {
		a.task, a.pid = task.ID, task.PID
		return
	}
	if fields := strings.Fields(content); len(fields) == 2 {
		a.pid, _ = strconv.Atoi(fields[0])
		ns, _ := strconv.ParseInt(fields[1], 10, 64)
		a.began = time.Duration(ns) - w.mono
	}
}
