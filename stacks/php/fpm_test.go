package php

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fpm is a real php-fpm with this many workers, which all serve one script.
type fpm struct {
	script string
	socket string
	pid    int
}

// startFPM starts php-fpm as the distribution installs it; it and all that it started ends with the test.
func startFPM(t *testing.T, workers int, script string) *fpm {
	t.Helper()
	programs, err := filepath.Glob("/usr/sbin/php-fpm*")
	if err != nil || len(programs) == 0 {
		t.Fatal("no /usr/sbin/php-fpm*: install php-fpm")
	}
	dir := t.TempDir()
	f := &fpm{script: filepath.Join(dir, "app.php"), socket: filepath.Join(dir, "s")}
	who := ""
	if me, err := user.Current(); err == nil && me.Uid == "0" {
		who = "user = root\ngroup = root\n"
	}
	config := fmt.Sprintf("[global]\nerror_log = %[1]s/log\ndaemonize = no\n[www]\n%[2]slisten = %[3]s\npm = static\npm.max_children = %[4]d\nphp_value[session.save_path] = %[1]s\n",
		dir, who, f.socket, workers)
	for name, content := range map[string]string{f.script: script, filepath.Join(dir, "fpm.conf"): config} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(programs[0], "-F", "-R", "-y", filepath.Join(dir, "fpm.conf"))
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	f.pid = command.Process.Pid
	t.Cleanup(func() {
		_ = syscall.Kill(-f.pid, syscall.SIGKILL)
		_ = command.Wait()
	})
	until(t, func() bool {
		c, err := net.Dial("unix", f.socket)
		if err == nil {
			_ = c.Close()
		}
		return err == nil && len(f.workers(t)) == workers
	}, "php-fpm to listen: %s", &said)
	return f
}

// workers are the processes of the workers.
func (f *fpm) workers(t *testing.T) []int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", f.pid, f.pid))
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pid)
	}
	return all
}

// Types of a record of FastCGI, from its specification.
const (
	fcgiBegin  = 1
	fcgiParams = 4
	fcgiStdin  = 5
)

// ask sends a request for a path as a web server does. Part of it only: the variables do not end.
func (f *fpm) ask(t *testing.T, path string, part bool) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", f.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_, query, _ := strings.Cut(path, "?")
	var params []byte
	for _, v := range [][2]string{
		{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", path}, {"QUERY_STRING", query}, {"SCRIPT_NAME", "/app.php"},
		{"SCRIPT_FILENAME", f.script}, {"REMOTE_PORT", "40123"},
	} {
		params = append(params, byte(len(v[0])), byte(len(v[1])))
		params = append(append(params, v[0]...), v[1]...)
	}
	sent := append(record(fcgiBegin, []byte{0, 1, 0, 0, 0, 0, 0, 0}), record(fcgiParams, params)...)
	if !part {
		sent = append(append(sent, record(fcgiParams, nil)...), record(fcgiStdin, nil)...)
	}
	if _, err := c.Write(sent); err != nil {
		t.Fatal(err)
	}
	return c
}

func record(kind byte, content []byte) []byte {
	b := []byte{1, kind, 0, 1, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(b[4:], uint16(len(content)))
	return append(b, content...)
}

// until polls for a condition.
func until(t *testing.T, true func() bool, what string, args ...any) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !true(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited 20 s for "+what, args...)
		}
	}
}
