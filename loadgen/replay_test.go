package loadgen

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/loadgen/accesslog"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestAReplayKeepsTheMomentsOfTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	text := ""
	// Not in order: long requests are logged late.
	for _, at := range []string{"15:04:06", "15:04:05", "15:04:05", "15:04:08"} {
		text += `127.0.0.1 - - [02/Jan/2026:` + at + ` +0000] "GET /` + at + ` HTTP/1.1" 200 1` + "\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := prepare(scenarios.Load{Shape: "replay", Log: path, Speed: 2, Timeout: time.Second}, localhost, 0)
	if err != nil {
		t.Fatal(err)
	}
	table := schedule.NewTimetable(w.schedule, w.rotation)
	var got []string
	for n := uint64(0); table.Due(n) != schedule.Never; n++ {
		got = append(got, table.Due(n).String()+" "+w.targets[table.Target(n)].URL)
	}
	// Two hits of one second are spread over it; at double speed all comes in half the time.
	want := []string{"0s http://127.0.0.1:80/15:04:05", "250ms http://127.0.0.1:80/15:04:05",
		"500ms http://127.0.0.1:80/15:04:06", "1.5s http://127.0.0.1:80/15:04:08"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzReplay(f *testing.F) {
	f.Add([]byte(`127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /a?b=c HTTP/1.1" 200 12`))
	f.Add([]byte(`{"msec":1767366245.125,"request_method":"GET","uri":"/u"}`))
	f.Add([]byte(`{"ts":1e300,"path":"/"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		b := &replayBuilder{base: localhost, limit: time.Second, known: map[string]uint32{}}
		skipped, err := accesslog.Read(bytes.NewReader(text), b.add)
		if err != nil {
			return
		}
		if len(b.moments) == 0 {
			return
		}
		w := b.work(1, skipped)
		last := time.Duration(0)
		for n := range uint64(len(b.moments)) {
			if due := w.schedule.Due(n); due < last {
				t.Fatalf("hit %d is due before the one before it", n)
			} else {
				last = due
			}
		}
		// What was read can be sent, as one request and no more.
		for i := range w.targets {
			r, err := w.targets[i].Render(1)
			if err != nil {
				continue
			}
			sent, _ := r.Append(nil, 7)
			from := bufio.NewReader(bytes.NewReader(sent))
			got, err := http.ReadRequest(from)
			if err != nil || got.Method != w.targets[i].Method {
				t.Fatalf("%q is read as %+v: %v", sent, got, err)
			}
			if rest, err := io.ReadAll(from); len(rest) > 0 || err != nil {
				t.Fatalf("%q: %q is left of it, %v", sent, rest, err)
			}
		}
	})
}

// A log with a wrong clock in one line is told before a load that would take years begins.
func TestALogThatSpansYearsIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	text := `{"ts":1,"path":"/"}` + "\n" + `{"ts":1900000000,"path":"/"}` + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for speed, want := range map[float64]string{1: "lie 21991 days apart, which at 1x takes 21991 days; want at most 31", 1000: ""} {
		_, err := prepare(scenarios.Load{Shape: "replay", Log: path, Speed: speed, Timeout: time.Second}, localhost, 0)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("at %vx: %v; want %q", speed, err, want)
		}
	}
}
