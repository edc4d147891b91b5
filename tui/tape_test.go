package tui

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hangtime-dev/hangtime/report"
)

var recordedRun = filepath.Join("testdata", "log-contention.hangtime")

// Wherever a tape is wound to, and from wherever, its report is that of a fold up to that moment.
func TestATapeShowsEachMomentAsTheRunDid(t *testing.T) {
	tape, err := OpenTape(t.Context(), recordedRun)
	if err != nil {
		t.Fatal(err)
	}
	defer tape.Close()
	for _, to := range []time.Duration{time.Second, 4800 * time.Millisecond, 2 * time.Second, 13 * time.Second,
		3 * time.Second, tape.Length(), 0, 6600 * time.Millisecond} {
		want := reportUpTo(t, to)
		if to == tape.Length() {
			want = tape.final
		}
		tape.Seek(to)
		same := func() bool {
			got := tape.Report()
			return got.Now == want.Now && len(got.Variants) == len(want.Variants)
		}
		for deadline := time.Now().Add(30 * time.Second); !same() && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		}
		if diff := cmp.Diff(want, tape.Report(), cmpopts.IgnoreUnexported(report.Line{})); diff != "" {
			t.Errorf("at %v (-want +got):\n%s", to, diff)
		}
	}
	if n := len(tape.frames); n > mostFrames+1 {
		t.Errorf("%d reports are kept, want at most %d", n, mostFrames+1)
	}
	incidents := 0
	for _, m := range tape.Marks() {
		if m.Kind == "incident" {
			incidents++
		}
	}
	if incidents == 0 {
		t.Error("no incident is marked")
	}
}

// A winding that was stopped for another wish knows how far it came: a moment before that lies behind it.
func TestAFoldThatIsStoppedKnowsWhereItIs(t *testing.T) {
	at, err := startFold(recordedRun)
	if err != nil {
		t.Fatal(err)
	}
	defer at.close()
	other := make(chan time.Duration, 1)
	other <- 0
	if at.forward(t.Context(), 13*time.Second, other) {
		t.Fatal("it was not stopped")
	}
	if folded := at.builder.Report().Now; at.now != folded || folded == 0 {
		t.Errorf("it says that it is at %v, and %v is folded in", at.now, folded)
	}
}

func reportUpTo(t *testing.T, to time.Duration) *report.Report {
	t.Helper()
	at, err := startFold(recordedRun)
	if err != nil {
		t.Fatal(err)
	}
	defer at.close()
	if !at.forward(t.Context(), to, nil) {
		t.Fatal("it did not come there")
	}
	return at.builder.Report()
}

// Where the next incident is jumped to, it can be opened.
func TestAJumpLandsWhereTheIncidentCanBeOpened(t *testing.T) {
	tape, err := OpenTape(t.Context(), "testdata/"+contention+".hangtime")
	if err != nil {
		t.Fatal(err)
	}
	defer tape.Close()
	m := modelOf(nil, 120, 35)
	m.source, m.player = tape, newPlayer(tape)
	m.player.playing = false
	m.do(doNext)
	at := m.player.at
	deadline := time.Now().Add(20 * time.Second)
	for r := tape.Report(); r == nil || r.Now < at-100*time.Millisecond || len(r.Variants[0].Incidents) == 0; r = tape.Report() {
		if time.Now().After(deadline) {
			t.Fatalf("at %v there is no incident", at)
		}
		time.Sleep(time.Millisecond)
	}
	m.refresh(time.Time{})
	if m.do(doIncident); m.said != "" {
		t.Error(m.said)
	}
	if _, ok := m.on.(*incidentScreen); !ok {
		t.Errorf("%T", m.on)
	}
}
