package probe

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
)

const someFormat = `name: signal_generate
ID: 261
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:int sig;	offset:8;	size:4;	signed:1;
	field:char comm[16];	offset:20;	size:16;	signed:0;
	field:pid_t pid;	offset:36;	size:4;	signed:1;
	field:long result;	offset:48;	size:8;	signed:1;
`

func TestEventField(t *testing.T) {
	for name, want := range map[string]int16{"sig": 8, "pid": 36, "common_pid": 4, "result": -1, "code": -1, "": -1} {
		got, ok := eventField([]byte(someFormat), name)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q is at %d, want %d", name, got, want)
		}
	}
}

func FuzzEventField(f *testing.F) {
	f.Add([]byte(someFormat), "sig")
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		if at, ok := eventField(text, name); ok && at <= 0 {
			t.Errorf("a field at %d", at)
		}
		if s, ok := parseHeard(text); ok && (s.pid < 0 || s.sender < 0) {
			t.Errorf("a signal of nobody: %+v", s)
		}
	})
}

// Who killed a worker is heard before its end is recorded. Without the privilege for it nothing is heard, and the end is seen all the same.
func TestASignalsSenderIsHeard(t *testing.T) {
	pid := sleeper(t)
	rec := history.NewRecorder(time.Now())
	p, err := Watch(t.Context(), Target{Arbiter: pid, Single: true}, rec)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	heard := false
	if tap, err := openSignalTap(); err == nil {
		heard = true
		tap.close()
	} else {
		notHad(t, err, signalEvent)
	}
	if err := unix.Kill(pid, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var seen []history.SignalSeen
	for gone := false; !gone; {
		select {
		case <-t.Context().Done():
			t.Fatal("its end was not seen")
		case <-time.After(10 * time.Millisecond):
		}
		for _, r := range rec.Drain(nil) {
			switch ev := r.Event.(type) {
			case history.SignalSeen:
				seen = append(seen, ev)
			case history.WorkerGone:
				gone = true
			}
		}
	}
	if !heard {
		if len(seen) != 0 {
			t.Errorf("heard %v", seen)
		}
		return
	}
	want := history.SignalSeen{PID: pid, Signal: "SIGTERM", Sender: history.Peer{PID: os.Getpid(), Command: "hangtime"}}
	if len(seen) != 1 || seen[0] != want {
		t.Errorf("heard %v, want %v", seen, want)
	}
}
