package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/words/hostile"
)

// What a look, a watch and an error say of paths, commands and threads acts on no terminal.
func TestNoLineHandsOnWhatOthersWroteRaw(t *testing.T) {
	look := hostile.Filled(lookJSON{
		Server: serverJSON{PID: 1, Command: "gunicorn app", Address: "127.0.0.1:80"}, Backlog: &backlogJSON{1, 2}, Unseen: []string{"no stacks"},
		Workers: []workerJSON{{Worker: 1, PID: 2, State: "hung", Cause: &causeJSON{Sentence: "blocked in flock", Stack: []string{"a.py:1"}, Chain: []string{"a waits for b"}, Remedy: "a log each"},
			Threads: []threadRow{{TID: 3, Name: "loop", Syscall: "flock", Args: "9 → /tmp/a.log"}}}},
	}, false)
	var out bytes.Buffer
	if err := printLook(&out, look); err != nil {
		t.Fatal(err)
	}
	(&teller{out: &out}).say(time.Second, "worker 1: %s", hostile.Text)
	if found := hostile.Found(out.String()); found != "" {
		t.Errorf("%q", found)
	}
	for _, want := range []string{`gunicorn app\x1b]0;owned`, `blocked in flock\x1b`, `a.py:1\x1b`, `a log each\x1b`, `/tmp/a.log\x1b`, `00:00:01.0  worker 1: \x1b`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in\n%s", want, out.String())
		}
	}
}
