package run

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/faults"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestMain(m *testing.M) {
	if handled, code := faults.Role(os.Args[1:]); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// A variant does not wait for the time of a fault that a person asked for: it heals it when its phases are over.
func TestAFaultByHandEndsWithThePhases(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	r := New(Options{})
	guardian, err := faults.StartGuardian(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := guardian.Close(); err != nil {
			t.Error(err)
		}
	}()
	load := scenarios.Load{Rate: 10, Shape: "constant", Senders: 1, Timeout: time.Minute,
		Targets: []scenarios.Target{{Path: "/"}}}
	v := &variant{rec: r.rec, options: r.options, guardian: guardian, ground: &faults.Ground{}, plan: scenarios.Scenario{
		Variants: []scenarios.Variant{{Name: "only"}}, Phases: scenarios.Phases{Before: time.Second}, Load: load,
	}}
	r.now.Store(v)
	asked := false // by the one sender, so by one handler at a time
	site := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if !asked {
			asked = true
			r.HoldLock()
		}
	}))
	defer site.Close()
	srv := &server{base: site.URL, dir: t.TempDir(), rec: r.rec}
	if err := v.load(t.Context(), srv, func() []probe.Worker { return nil }); err != nil {
		t.Fatal(err)
	}
	healed := ""
	for _, event := range events(r.rec) {
		switch ev := event.(type) {
		case history.FaultHealed:
			healed = ev.Why
		case history.FaultFailed, history.Trouble:
			t.Errorf("%#v", ev)
		}
	}
	if healed != "the phase is over" {
		t.Errorf("the lock was let go because %q, want that the phase is over", healed)
	}
}
