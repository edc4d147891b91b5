package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/report"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// still is a source that always has the same report.
type still struct{ r *report.Report }

func (s still) Report() *report.Report { return s.r }

func modelOf(r *report.Report, w, h int) *model {
	m := newModel(still{r}, Controls{
		Stop: func() {}, SetRate: func(float64) {}, Kill: func(int) {}, StopCont: func(int) {}, HoldLock: func() {},
	}, Options{Theme: "dark"})
	m.w, m.h = w, h
	m.refresh()
	return m
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
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

func TestFramesLookAsTheyDid(t *testing.T) {
	sizes := []struct{ w, h int }{{80, 24}, {120, 40}, {30, 8}}
	screens := []struct {
		name  string
		model func(w, h int) *model
	}{
		{"hang", func(w, h int) *model { return modelOf(hangReport(4), w, h) }},
		{"hang-16-workers", func(w, h int) *model { return modelOf(hangReport(16), w, h) }},
		{"verdict", func(w, h int) *model { return modelOf(overReport(), w, h) }},
		{"nothing-yet", func(w, h int) *model { return modelOf(nil, w, h) }},
		{"worker", func(w, h int) *model { m := modelOf(hangReport(4), w, h); m.page = workerPage; return m }},
		{"incident", func(w, h int) *model { m := modelOf(hangReport(4), w, h); m.page = incidentPage; return m }},
		{"help", func(w, h int) *model { m := modelOf(hangReport(4), w, h); m.page = helpOver; return m }},
	}
	for _, s := range screens {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s %dx%d", s.name, size.w, size.h), func(t *testing.T) {
				golden(t, fmt.Sprintf("%s-%dx%d.txt", s.name, size.w, size.h), ansi.Strip(s.model(size.w, size.h).frame())+"\n")
			})
		}
	}
}

func TestEveryFrameHasExactlyTheSizeOfTheTerminal(t *testing.T) {
	for _, r := range []*report.Report{nil, {}, hangReport(0), hangReport(1), hangReport(4), hangReport(64), overReport()} {
		for _, p := range []page{livePage, workerPage, incidentPage, helpOver} {
			for _, w := range []int{0, 1, 39, 40, 53, 80, 81, 120, 200, 500} {
				for _, h := range []int{0, 1, 9, 10, 13, 24, 60, 100} {
					m := modelOf(r, w, h)
					m.page = p
					frame := m.frame()
					if w == 0 || h == 0 {
						if frame != "" {
							t.Fatalf("%dx%d: %q", w, h, frame)
						}
						continue
					}
					lines := strings.Split(frame, "\n")
					if len(lines) != h {
						t.Fatalf("%dx%d page %d: %d lines", w, h, p, len(lines))
					}
					for i, line := range lines {
						if n := ansi.StringWidth(line); n != w {
							t.Fatalf("%dx%d page %d: line %d is %d wide: %q", w, h, p, i, n, line)
						}
					}
				}
			}
		}
	}
}
