package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words/hostile"
)

// A file name, a thread, a command line or a line of a log may hold escape sequences: no screen hands them on, and
// none of them breaks a frame.
func TestNoScreenHandsOnWhatOthersWroteRaw(t *testing.T) {
	for _, words := range []bool{false, true} {
		for _, ascii := range []bool{false, true} {
			for _, s := range hostileScreens(t, words) {
				for _, size := range []struct{ w, h int }{{80, 24}, {200, 60}, {600, 200}} {
					t.Run(fmt.Sprintf("%s, words %v, ascii %v, %dx%d", s.name, words, ascii, size.w, size.h),
						func(t *testing.T) {
							m := s.model(t, size.w, size.h)
							m.options.ASCII = ascii
							if err := m.relook(); err != nil {
								t.Fatal(err)
							}
							frame := m.frame()
							if found := hostile.Found(frame); found != "" {
								t.Errorf("%q", found)
							}
							lines := strings.Split(frame, "\n")
							if len(lines) != size.h {
								t.Errorf("%d lines", len(lines))
							}
							for i, line := range lines {
								if n := ansi.StringWidth(line); n != size.w {
									t.Errorf("line %d is %d wide: %q", i, n, line)
								}
							}
							if m.shown() != nil {
								if found := hostile.Found(m.clipped()); found != "" {
									t.Errorf("the clipboard: %q", found)
								}
							}
						})
				}
			}
		}
	}
}

func hostileScreens(t *testing.T, words bool) []goldenScreen {
	on := func(of *report.Report, then ...action) func(*testing.T, int, int) *model {
		r := hostile.Filled(of, words)
		return func(_ *testing.T, w, h int) *model {
			m := modelOf(r, w, h)
			for _, a := range then {
				m.do(a)
			}
			return m
		}
	}
	hang := reportAt(t, contention, hanging)
	a, b := hostile.Filled(reportAt(t, contention, -1), words), hostile.Filled(reportAt(t, contentionAgain, -1), words)
	compared, err := report.Compare([2]string{hostile.Text, "b" + hostile.Text}, []*report.Report{a}, []*report.Report{b})
	if err != nil {
		t.Fatal(err)
	}
	return []goldenScreen{
		{"live", on(hang)}, {"worker", on(hang, doOpen)},
		{"incident", on(reportAt(t, contention, recovered), doIncident)}, {"verdict", on(reportAt(t, contention, -1))},
		{"crash", on(reportAt(t, kills, 3200*time.Millisecond))}, {"made up", on(hangReport(4))},
		{"made up, a worker", on(hangReport(4), doOpen)}, {"made up, over", on(overReport())},
		{"unsure", on(unsureReport())}, {"unsure, a worker", on(unsureReport(), doOpen)},
		{"home", func(_ *testing.T, w, h int) *model {
			m := homeModel(w, h)
			list := &m.on.(*homeScreen).list
			list.all = hostile.Filled(list.all, words)
			m.say("%s", hostile.Text)
			return m
		}},
		{"compare", func(_ *testing.T, w, h int) *model {
			m := modelOf(nil, w, h)
			m.show(&compareScreen{page{stage: m.stage}, comparison{c: compared, runs: [2]*report.Report{a, b}}})
			return m
		}},
		{"a filter", func(_ *testing.T, w, h int) *model {
			m := modelOf(hostile.Filled(hang, words), w, h)
			m.do(doFilter)
			m.prompt.text = hostile.Text
			m.refilter(hostile.Text)
			return m
		}},
		{"said", func(_ *testing.T, w, h int) *model {
			m := modelOf(hostile.Filled(hang, words), w, h)
			m.say("%s", hostile.Text)
			return m
		}},
	}
}
