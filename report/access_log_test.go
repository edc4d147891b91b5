package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestRequestsOfAnAccessLogBecomeALoad(t *testing.T) {
	r := NewRequests()
	if !r.Empty() {
		t.Error("no request is some")
	}
	begin := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	for i := range 60 { // ten a second, the newest first: a log need not be in order
		r.Add(begin.Add(time.Duration(59-i)*100*time.Millisecond), "GET", fmt.Sprintf("/users/%d?page=%d", i, i))
	}
	r.Add(begin, "POST", "/login")
	load, span := r.Load()
	if span != 6900*time.Millisecond || load.Rate < 10 || load.Rate > 10.3 || load.Shape != "constant" {
		t.Errorf("span %v, %+v", span, load)
	}
	got := map[string]int{}
	for _, target := range load.Targets {
		got[target.Tag] = target.Weight
	}
	if diff := cmp.Diff(map[string]int{"GET /users/N": 60, "POST /login": 1}, got); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
}

// An access log is somebody else's: of any length, with any number of paths.
func TestRequestsKeepNoMoreThanTheirBounds(t *testing.T) {
	r := NewRequests()
	for i := range mostPaths + 100 {
		r.Add(time.Unix(int64(i*3600), 0), "GET", "/word"+strings.Repeat("x", i%7)+fmt.Sprint(i)+"y")
	}
	load, _ := r.Load()
	if len(r.endpoints) > mostPaths+1 || len(load.Targets) != mostEndpoints {
		t.Errorf("%d endpoints are kept, %d targets made", len(r.endpoints), len(load.Targets))
	}
	total := 0
	for _, target := range load.Targets {
		total += target.Weight
	}
	if total != mostPaths+100 {
		t.Errorf("the targets stand for %d requests, want all %d", total, mostPaths+100)
	}
}

func TestWhatCanBeMadeOfAnAccessLogAlone(t *testing.T) {
	r := NewRequests()
	r.Add(time.Unix(100, 0), "GET", "/")
	if _, err := r.Assumed(diagnose.CauseBacklog, "a log"); err == nil ||
		!strings.Contains(err.Error(), "want one of file-lock, ") {
		t.Errorf("a cause that no scenario brings about: %v", err)
	}
	for cause, kind := range map[string]string{diagnose.CauseFileLock: diagnose.KindHang,
		diagnose.CauseKilled: diagnose.KindCrash} {
		if seen, err := r.Assumed(cause, "a log"); err != nil || seen.Kind != kind || !seen.Assumed {
			t.Errorf("%s: %+v, %v", cause, seen, err)
		}
	}
	s, notes := r.SendAgain("again", "sends it again", "http://127.0.0.1:1", "/var/log/access.log")
	text, err := scenarios.Write(s, notes)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scenarios.Read("again.yaml", text); err != nil {
		t.Errorf("it is no valid scenario: %v", err)
	}
}
