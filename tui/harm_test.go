package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/report"
)

// harmed is a screen of a run whose calls are noted, and a way to press keys on it.
func harmed(t *testing.T) (m *model, c *calls, press func(keys ...string)) {
	t.Helper()
	c = &calls{}
	m, err := newModel(still{hangReport(4)}, c.controls(), Options{Theme: "none"})
	if err != nil {
		t.Fatal(err)
	}
	m.w, m.h = 120, 35
	m.Update(tickMsg{})
	return m, c, func(keys ...string) {
		for _, one := range keys {
			if _, cmd := m.Update(tea.KeyPressMsg{Code: []rune(one)[0], Text: one}); cmd != nil {
				cmd()
			}
		}
	}
}

func TestHarmIsDoneOnlyAfterYes(t *testing.T) {
	for _, row := range []struct {
		name string
		keys []string
		want []string
	}{
		{"k moves up and kills nobody", []string{"j", "k", "k"}, nil},
		{"K alone kills nobody", []string{"K"}, nil},
		{"no", []string{"K", "n"}, nil},
		{"any other key is no", []string{"K", "K"}, nil},
		{"the key after a no is a key again", []string{"K", "n", "y"}, nil},
		{"yes", []string{"K", "y"}, []string{"kill 1"}},
		{"capital yes, of the second", []string{"j", "K", "Y"}, []string{"kill 2"}},
		{"stop", []string{"S", "y"}, []string{"freeze 1"}},
		{"stop, no", []string{"S", "L", "y"}, nil},
		{"lock", []string{"L", "y"}, []string{"lock"}},
		{"small letters harm nobody", []string{"s", "y", "l", "y"}, nil},
		{"the load is changed at once: that is no harm", []string{"p"}, []string{"rate 0"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, c, press := harmed(t)
			press(row.keys...)
			if diff := cmp.Diff(row.want, c.all); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAQuestionSaysWhoAndStandsUntilItIsAnswered(t *testing.T) {
	m, c, press := harmed(t)
	press("j", "K")
	m.Update(tickMsg{})
	if frame := ansiPlain(m.frame()); !strings.Contains(frame, "kill: worker 2, pid 10819?") ||
		strings.Contains(frame, "rate") {
		t.Errorf("it asks\n%s", frame)
	}
	m.click(5, 34)
	if m.asked != nil || len(c.all) > 0 {
		t.Errorf("a click is no answer but no: %v", c.all)
	}
}

// Between question and answer the place may have gone to another process: nobody wanted to kill that.
func TestWhoTookThePlaceMeanwhileIsLeftAlone(t *testing.T) {
	m, c, press := harmed(t)
	press("K")
	later := hangReport(4)
	later.Variants[0].Workers[0].PID = 4711
	m.source = still{later}
	m.Update(tickMsg{})
	press("y")
	if len(c.all) > 0 || !strings.Contains(m.said, "pid 10818 is gone") {
		t.Errorf("it did %v and said %q", c.all, m.said)
	}
	press("K")
	over := *later
	over.Over = true
	m.source = still{&over}
	m.Update(tickMsg{})
	press("y")
	if len(c.all) > 0 || !strings.Contains(m.said, "the run is over") {
		t.Errorf("after the end it did %v and said %q", c.all, m.said)
	}
}

// Every screen of a run is opened by its key from every other, drawn, and left by esc.
func TestEachScreenOpensFromEachAndLeadsBack(t *testing.T) {
	for _, r := range []*report.Report{hangReport(4), overReport()} {
		for _, from := range openings() {
			for _, to := range openings() {
				m := modelOf(r, 120, 35)
				m.on = m.live
				m.do(from.key.action)
				if to.key.where&m.on.place() != 0 {
					m.do(to.key.action)
				}
				if frame := m.frame(); strings.Count(frame, "\n") != 34 {
					t.Errorf("%s, %s: %d lines", from.key.action, to.key.action, strings.Count(frame, "\n")+1)
				}
				m.do(doBack)
				m.do(doBack)
				if m.on != m.live && m.on != m.over {
					t.Errorf("%s, %s: esc leads to %T", from.key.action, to.key.action, m.on)
				}
			}
		}
	}
}
