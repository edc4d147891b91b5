package tui

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/report"
)

// What was asked for counts, not what the report has come to show of it.
func TestEachPressOfPlusIsAStepOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var set []float64
		m := modelOf(reportAt(t, contention, hanging), 80, 24)
		m.controls.SetRate = func(to float64) { set = append(set, to) }
		press := func(a action) {
			if cmd := m.turnLoad(a); cmd != nil {
				cmd()
			}
		}
		for _, a := range []action{doFaster, doFaster, doFaster, doSlower, doSlower, doSlower, doPause, doPause, doFaster} {
			press(a)
		}
		time.Sleep(measured) // of the bubble: the report is up to date
		press(doFaster)
		if diff := cmp.Diff([]float64{249, 312, 390, 312, 249, 199, 0, 199, 249, 249}, set); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestPlusNeverPausesTheLoad(t *testing.T) {
	r := *reportAt(t, contention, hanging)
	r.Variants = append([]report.Variant(nil), r.Variants...)
	v := &r.Variants[len(r.Variants)-1]
	v.Load.Offered = 0
	m := modelOf(&r, 80, 24)
	called := -1.0
	m.controls.SetRate = func(to float64) { called = to }
	if cmd := m.turnLoad(doFaster); cmd == nil {
		t.Error("+ does nothing where no load is offered")
	} else if cmd(); called != 1 {
		t.Errorf("+ sets %v, want 1", called)
	}
	m = modelOf(&r, 80, 24)
	v.Load.Offered, v.LoadFrom = 60, r.Now-300*time.Millisecond // the rate of a second is not seen yet
	for _, a := range []action{doFaster, doSlower, doPause} {
		m.said = ""
		if cmd := m.turnLoad(a); cmd != nil || !strings.Contains(m.said, "not known yet") {
			t.Errorf("in the first second %s says %q", a, m.said)
		}
	}
	m.rate.paused = 200 // paused by hand: what it had is known
	if cmd := m.turnLoad(doPause); cmd == nil {
		t.Error("a load that was paused does not go on")
	}
}

func TestKeysMayChangePlaces(t *testing.T) {
	k := newKeys()
	if err := k.rebind(map[string][]string{"kill": {"S"}, "stop": {"K"}}); err != nil {
		t.Error(err)
	}
	if a, _ := k.find(pressed("S"), onLive|onRun); a != doKill {
		t.Errorf("S is %q, want kill", a)
	}
	for _, wrong := range []map[string][]string{{"kill": {"S"}}, {"kill": {"x"}, "stop": {"x"}}, {"help": {"q"}}} {
		if err := newKeys().rebind(wrong); err == nil || !strings.Contains(err.Error(), "would both be") {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

type pressed string

func (p pressed) String() string { return string(p) }
