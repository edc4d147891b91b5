package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/report"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// still is a source that always has the same report.
type still struct{ r *report.Report }

func (s still) Report() *report.Report { return s.r }

func modelOf(r *report.Report, w, h int) *model {
	m, err := newModel(still{r}, Controls{
		Stop: func() {}, SetRate: func(float64) {}, Kill: func(int) {}, StopCont: func(int) {}, HoldLock: func() {},
	}, Options{Theme: "dark"})
	if err != nil {
		panic(err)
	}
	m.w, m.h = w, h
	m.refresh(time.Time{})
	return m
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "frames", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got; `go test ./tui -update` writes them anew):\n%s", path, diff)
	}
}

// A screen of the recorded runs, at a moment in which it has something to show.
type goldenScreen struct {
	name  string
	model func(t *testing.T, w, h int) *model
}

const (
	healthy   = 2500 * time.Millisecond // the load runs, nothing is broken
	hanging   = 4800 * time.Millisecond // all four workers of log-contention hang
	recovered = 6600 * time.Millisecond // and make progress again
)

func goldenScreens() []goldenScreen {
	live := func(name string, at time.Duration, then ...action) func(*testing.T, int, int) *model {
		return func(t *testing.T, w, h int) *model {
			m := modelOf(reportAt(t, name, at), w, h)
			for _, a := range then {
				m.do(a)
			}
			return m
		}
	}
	return []goldenScreen{
		{"home", func(_ *testing.T, w, h int) *model { return homeModel(w, h) }},
		{"live-healthy", live(contention, healthy)},
		{"live-hang", live(contention, hanging)},
		{"live-recovered", live(contention, recovered)},
		{"live-crash", live(kills, 3200*time.Millisecond)},
		{"worker", live(contention, hanging, doOpen)},
		{"incident", live(contention, recovered, doIncident)},
		{"verdict", live(contention, -1)},
		{"help", live(contention, hanging, doHelp)},
		{"palette", live(contention, hanging, doPalette)},
		{"palette-typed", func(t *testing.T, w, h int) *model {
			m := modelOf(reportAt(t, contention, hanging), w, h)
			find(m, "work")
			return m
		}},
		{"help-words", func(t *testing.T, w, h int) *model {
			m := modelOf(reportAt(t, contention, hanging), w, h)
			m.openHelp("due")
			return m
		}},
		{"palette-home", func(_ *testing.T, w, h int) *model {
			m := homeModel(w, h)
			find(m, "log")
			return m
		}},
		{"replay", func(t *testing.T, w, h int) *model {
			m := modelOf(nil, w, h)
			tape := reelOf(t, contention, hanging)
			m.source, m.player = tape, newPlayer(tape)
			m.player.toggle()
			m.player.seek(hanging)
			m.refresh(time.Time{})
			return m
		}},
		{"compare", func(t *testing.T, w, h int) *model {
			a, b := reportAt(t, contention, -1), reportAt(t, contentionAgain, -1)
			c, err := report.Compare([2]string{"before", "after"}, []*report.Report{a}, []*report.Report{b})
			if err != nil {
				t.Fatal(err)
			}
			m := modelOf(nil, w, h)
			m.show(&compareScreen{page{stage: m.stage}, comparison{c: c, runs: [2]*report.Report{a, b}}})
			return m
		}},
		{"watch", func(_ *testing.T, w, h int) *model { return modelOf(watchedReport(), w, h) }},
		{"watch-incident", func(_ *testing.T, w, h int) *model {
			m := modelOf(watchedReport(), w, h)
			m.do(doIncident)
			return m
		}},
		{"load", live(loaded, 4*second)},
		{"load-hang", live(loaded, 9*second)},
		{"load-over", live(loaded, -1)},
		{"load-unobserved", func(t *testing.T, w, h int) *model {
			m := modelOf(unobserved(reportAt(t, loaded, 9*second)), w, h)
			m.options.Unwatched = "127.0.0.1:8000 is in a container of its own"
			return m
		}},
		{"nothing-yet", func(_ *testing.T, w, h int) *model { return modelOf(nil, w, h) }},
	}
}

func homeModel(w, h int) *model {
	m := modelOf(nil, w, h)
	home := &homeScreen{page: page{stage: m.stage}, list: picker{selected: named{name: "log-contention"}, all: []Scenario{
		ToWatch(401, "gunicorn: master [shop]", "127.0.0.1:8000", 4),
		{Group: "start here", Name: "log-contention", Title: "four workers, one log file, one lock",
			Watch:    "In `shared` every worker stops inside flock on async_tasks.log.",
			Guide:    "practice 1, process-specific resources",
			Variants: []string{"shared: expect hang; one log for all", "per-pid: expect healthy"},
			Takes:    42 * time.Second, Quick: 14 * time.Second,
			Text: "# a comment\nname: log-contention\nload:\n  rate: 200/s\n  targets:\n    - path: /task\n",
			Last: "pass", LastAt: "3 min ago"},
		{Group: "start here", Name: "worker-kill", Title: "SIGKILL to a random worker every few seconds", Takes: 30 * time.Second,
			Text: "name: worker-kill\n"},
		{Group: "yours", Name: "log-contention-1", File: "/home/me/.config/hangtime/scenarios/log-contention-1.yaml",
			Text: "name: 3\nload: {rate: fast}\n", Problem: "log-contention-1.yaml:2:14: load.rate: \"fast\" is not a rate"},
	}}}
	m.show(home)
	return m
}

func TestFramesLookAsTheyDid(t *testing.T) {
	sizes := []struct{ w, h int }{{80, 24}, {120, 35}, {200, 60}}
	for _, s := range goldenScreens() {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s %dx%d", s.name, size.w, size.h), func(t *testing.T) {
				m := s.model(t, size.w, size.h)
				for theme, ending := range map[string]string{"dark": "ansi", "none": "txt"} {
					m.options.Theme = theme
					if err := m.relook(); err != nil {
						t.Fatal(err)
					}
					golden(t, fmt.Sprintf("%s-%dx%d.%s", s.name, size.w, size.h, ending), m.frame()+"\n")
				}
			})
		}
	}
	for _, one := range []struct {
		name, theme string
		ascii       bool
		w, h        int
	}{{"ascii", "none", true, 80, 24}, {"light", "light", false, 80, 24}, {"16", "16", false, 80, 24},
		{"tiny", "none", false, 30, 8}} {
		t.Run(one.name, func(t *testing.T) {
			m := modelOf(reportAt(t, contention, hanging), one.w, one.h)
			m.options.Theme, m.options.ASCII = one.theme, one.ascii
			if err := m.relook(); err != nil {
				t.Fatal(err)
			}
			golden(t, "live-hang-"+one.name+".txt", m.frame()+"\n")
		})
	}
}

// Whoever cannot see colours sees the same characters.
func TestColourSaysNothingAlone(t *testing.T) {
	for _, s := range goldenScreens() {
		m := s.model(t, 120, 35)
		coloured := ansi.Strip(m.frame())
		m.options.Theme = "none"
		if err := m.relook(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(coloured, ansi.Strip(m.frame())); diff != "" {
			t.Errorf("%s: %s", s.name, diff)
		}
		m.options.Theme, m.options.ASCII = "dark", true
		if err := m.relook(); err != nil {
			t.Fatal(err)
		}
		for i, r := range ansi.Strip(m.frame()) {
			if r > 126 {
				t.Errorf("%s: %q at %d is not ASCII", s.name, r, i)
				break
			}
		}
	}
}

func TestEveryFrameHasExactlyTheSizeOfTheTerminal(t *testing.T) {
	check := func(m *model, w, h int, what string) {
		t.Helper()
		frame := m.frame()
		if w == 0 || h == 0 {
			if frame != "" {
				t.Fatalf("%s %dx%d: %q", what, w, h, frame)
			}
			return
		}
		lines := strings.Split(frame, "\n")
		if len(lines) != h {
			t.Fatalf("%s %dx%d: %d lines", what, w, h, len(lines))
		}
		for i, line := range lines {
			if n := ansi.StringWidth(line); n != w {
				t.Fatalf("%s %dx%d: line %d is %d wide: %q", what, w, h, i, n, line)
			}
		}
	}
	widths, heights := []int{0, 1, 39, 40, 53, 80, 81, 120, 200, 500}, []int{0, 1, 9, 10, 13, 24, 60, 100}
	for _, r := range []*report.Report{nil, {}, hangReport(0), hangReport(1), hangReport(4), hangReport(64), overReport()} {
		for _, open := range []action{"", doOpen, doIncident, doVerdict, doHelp, doKill, doFilter, doPalette} {
			for _, w := range widths {
				for _, h := range heights {
					m := modelOf(r, w, h)
					m.do(open)
					check(m, w, h, fmt.Sprint("after ", open))
				}
			}
		}
	}
	for _, s := range goldenScreens() {
		m := s.model(t, 80, 24)
		for _, w := range []int{40, 81, 110, 200} {
			for _, h := range []int{10, 25, 60} {
				m.w, m.h = w, h
				check(m, w, h, s.name)
			}
		}
	}
}
