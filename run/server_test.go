package run

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/procfs"

	"github.com/hangtime-dev/hangtime/faults"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestWhatAScenarioLeavesOpenKeepsTheServersDefault(t *testing.T) {
	no := false
	got := serveFlags(scenarios.Server{Kind: "reference", Respawn: &no,
		WorkerSettings: scenarios.WorkerSettings{Workers: 4, Timeout: 4 * time.Second},
		Practices:      scenarios.Practices{Logging: "shared-lock", HeartbeatFrom: "request"}})
	want := []string{"--workers=4", "--timeout=4s", "--logging=shared-lock", "--heartbeat-from=request", "--respawn=false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHowTasksAreTriedIsToldToThePlaceWhereTheyWait(t *testing.T) {
	for place, want := range map[string]string{"": "task", "jetstream": "task", "redis": "redis"} {
		flags := serveFlags(scenarios.Server{TaskSettings: scenarios.TaskSettings{Tasks: place, TaskQueue: 7, TaskTries: 3,
			TaskBackoff: time.Second, TaskAckWait: 2 * time.Second}})
		all := []string{"--task-queue=7", "--" + want + "-tries=3", "--" + want + "-backoff=1s", "--" + want + "-ack-wait=2s"}
		for _, flag := range all {
			if !slices.Contains(flags, flag) {
				t.Errorf("tasks in %q: %v lack %s", place, flags, flag)
			}
		}
	}
}

func TestEachKindOfServerCanBeStarted(t *testing.T) {
	all := starters()
	for _, kind := range scenarios.ServerKinds() {
		if all[kind.Name] == nil {
			t.Errorf("nobody knows how to start one of kind %s", kind.Name)
		}
		delete(all, kind.Name)
	}
	for name := range all {
		t.Errorf("no scenario can ask for kind %s", name)
	}
}

func TestALineOfTheServersAccount(t *testing.T) {
	for _, row := range []struct {
		name, line string
		want       history.ServerSaid
		ok         bool
	}{
		{"an event with fields", `{"event":"worker-signalled","worker":2,"pid":4242,"signal":"SIGABRT","after":1.5,"level":"WARN","msg":"x"}`,
			history.ServerSaid{Event: "worker-signalled", Worker: 2, PID: 4242,
				Fields: map[string]string{"signal": "SIGABRT", "after": "1.5"}}, true},
		{"an event alone", `{"event":"ready"}`, history.ServerSaid{Event: "ready"}, true},
		{"JSON that is no event", `{"msg":"hello"}`, history.ServerSaid{}, false},
		{"a panic", `panic: runtime error`, history.ServerSaid{}, false},
	} {
		got, ok := parseSaid([]byte(row.line))
		if ok != row.ok {
			t.Errorf("%s: is an event: %v, want %v", row.name, ok, row.ok)
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: %s", row.name, diff)
		}
	}
}

// A log that is no account is recorded in its own words, with the process that it is about where it says so, and
// never more of it than was agreed.
func TestALogInItsOwnWordsIsRecordedWithinBounds(t *testing.T) {
	var q quota
	began := time.Unix(1000, 0)
	said, ok := q.line(began, "[2026-01-02 03:04:05 +0000] [4240] [INFO] Booting worker with pid: 4240  \r")
	want := history.ServerSaid{Event: history.SaidLine, PID: 4240,
		Fields: map[string]string{"text": "[2026-01-02 03:04:05 +0000] [4240] [INFO] Booting worker with pid: 4240"}}
	if diff := cmp.Diff(want, said); !ok || diff != "" {
		t.Error(ok, diff)
	}
	if _, ok := q.line(began, "   "); ok {
		t.Error("an empty line was recorded")
	}
	n := 1
	for range 500 {
		if _, ok := q.line(began, "GET / 200"); ok {
			n++
		}
	}
	if n != linesPerSecond {
		t.Errorf("%d lines in a second, want %d", n, linesPerSecond)
	}
	said, ok = q.line(began.Add(time.Second), strings.Repeat("é", 1000))
	text := said.Fields["text"]
	if !ok || !strings.HasPrefix(text, "(481 lines before are left out) é") || !utf8.ValidString(text) ||
		len(text) > lineBytes+50 {
		t.Errorf("%v %q", ok, text)
	}
}

// Workers inherit the standard error of their arbiter: that one of them still holds it says nothing about the arbiter.
func TestTheEndOfAnArbiterIsSeenWhileAWorkerHoldsItsOutput(t *testing.T) {
	born := make(chan int, 1)
	said := func(event history.ServerSaid) {
		if event.Event == "worker" {
			born <- event.PID
		}
	}
	cmd := exec.Command("sh", "-c", `echo "about to fail" >&2; sleep 60 & echo "{\"event\":\"worker\",\"pid\":$!}" >&2; wait`)
	c, err := startChild(cmd, said, func(int) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	pid := <-born
	worker, err := procfs.NewProc(pid)
	if err != nil {
		t.Fatal(err)
	}
	was, err := worker.Stat()
	if err != nil {
		t.Fatal(err)
	}
	workers := []faults.Worker{{PID: pid, Start: was.Starttime}}
	defer faults.EndAll(workers)
	if err := syscall.Kill(c.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-c.ended
	if now, err := worker.Stat(); err != nil || now.State == "Z" {
		t.Fatal("the end of the arbiter was seen only when its worker had ended too")
	}
	if words := c.lastWords(); !strings.Contains(words, "about to fail") {
		t.Errorf("last words %q", words)
	}
	rec := history.NewRecorder(time.Now())
	(&server{pid: c.pid, child: c, rec: rec}).stop(workers)
	want := history.ServerStopped{Code: -1, Signal: "SIGKILL", Left: []int{pid}}
	if diff := cmp.Diff([]history.Event{want}, events(rec)); diff != "" {
		t.Error(diff)
	}
}

// A server that writes one line of many megabytes is heard before it and after it.
func TestALineOfAnyLengthDoesNotEndTheServersAccount(t *testing.T) {
	var said []history.ServerSaid
	cmd := exec.Command("sh", "-c", `echo '{"event":"before"}' >&2; head -c 3000000 /dev/zero | tr '\0' x >&2; echo >&2; printf '{"event":"after"}' >&2`)
	c, err := startChild(cmd, func(event history.ServerSaid) { said = append(said, event) }, func(int) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	<-c.ended
	<-c.heard
	if len(said) != 3 || said[0].Event != "before" || said[1].Event != history.SaidLine || said[2].Event != "after" {
		t.Fatalf("heard %.300v", said)
	}
	if text := said[1].Fields["text"]; !strings.HasPrefix(text, "xxx") || len(text) > lineBytes+len("…") {
		t.Errorf("of the long line %d bytes are told", len(text))
	}
}

func TestALineIsReadWithinItsBound(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, row := range []struct {
		text string
		want []string
	}{
		{"", []string{""}},
		{"a\n\nb", []string{"a", "", "b"}},
		{"a\n", []string{"a", ""}},
		{"short\n" + long + "\nafter\n", []string{"short", long[:40], "after", ""}},
		{long, []string{long[:40]}},
	} {
		from := bufio.NewReaderSize(strings.NewReader(row.text), 16)
		var got []string
		for {
			line, err := readLine(from, 40)
			got = append(got, string(line))
			if err != nil {
				break
			}
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%.20q (-want +got):\n%s", row.text, diff)
		}
	}
}

// The pid of a child that was waited for may be another's by now: nobody is signalled any more.
func TestAServerThatWasWaitedForIsNotSignalled(t *testing.T) {
	c, err := startChild(exec.Command("true"), func(history.ServerSaid) {}, func(int) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	<-c.ended
	if err := c.process.Signal(syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a signal to it: %v, want that it is done", err)
	}
	c.end()
	c.hush()
}

// Somebody else may have waited for the child: then nobody knows how it ended.
func TestAServerOfWhoseEndNothingIsKnown(t *testing.T) {
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	c := &child{ended: make(chan struct{}), output: out, heard: make(chan struct{})}
	close(c.ended)
	close(c.heard)
	rec := history.NewRecorder(time.Now())
	(&server{child: c, rec: rec}).stop(nil)
	if diff := cmp.Diff([]history.Event{history.ServerStopped{Code: -1}}, events(rec)); diff != "" {
		t.Error(diff)
	}
}

func events(rec *history.Recorder) []history.Event {
	var all []history.Event
	for _, r := range rec.Drain(nil) {
		all = append(all, r.Event)
	}
	return all
}
