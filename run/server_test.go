package run

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestWhatAScenarioLeavesOpenKeepsTheServersDefault(t *testing.T) {
	no := false
	got := serveFlags(scenarios.Server{Kind: "reference", Workers: 4, Timeout: 4 * time.Second, Logging: "shared-lock", HeartbeatFrom: "request", Respawn: &no})
	want := []string{"--workers=4", "--timeout=4s", "--logging=shared-lock", "--heartbeat-from=request", "--respawn=false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestALineOfTheServersAccount(t *testing.T) {
	for _, row := range []struct {
		name, line string
		want       history.ServerSaid
		ok         bool
	}{
		{"an event with fields", `{"event":"worker-signalled","worker":2,"pid":4242,"signal":"SIGABRT","after":1.5,"level":"WARN","msg":"x"}`,
			history.ServerSaid{Event: "worker-signalled", Worker: 2, PID: 4242, Fields: map[string]string{"signal": "SIGABRT", "after": "1.5"}}, true},
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

// endAll kills what does not leave by itself, and only the process that it was told of: another one with the same number is left alone.
func TestOnlyTheVeryProcessIsEnded(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan *os.ProcessState, 1)
	go func() { state, _ := cmd.Process.Wait(); ended <- state }()
	_, start, err := stat(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	p := process{cmd.Process.Pid, start}
	if killed := endAll([]process{{p.pid, p.start + 1}}); len(killed) != 0 {
		t.Fatalf("killed %v, whose start time is another's", killed)
	}
	if !p.alive() {
		t.Fatal("it is gone")
	}
	if killed := endAll([]process{p}); len(killed) != 1 || killed[0] != p.pid {
		t.Errorf("killed %v, want %d", killed, p.pid)
	}
	if state := <-ended; state.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("it ended by %v", state)
	}
}
