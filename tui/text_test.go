package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/diagnose"
)

func TestWidthIsThatOfTheTerminalLibrary(t *testing.T) {
	l, err := newLook("dark", false, colorprofile.TrueColor)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{
		"", "plain", l.in(bad, "red") + " and " + l.in(alarm, "loud"), "wide 世界", "emoji 🙂", "e\u0301",
		"\x1b]52;c;aGk=\a", "\x1b[", "\x1b[1;2", "tab\t", "\x1b[2J", "µs × ‖ ‾ ✓ ✗ ← → ↑ ↓ …", "‐‑–—", "⌚ wide", "♥️",
	}
	for _, g := range []glyphs{unicodeGlyphs(), asciiGlyphs()} {
		texts = append(texts, g.border.Top, g.border.Left, g.doneBar, g.headBar, g.cursor, g.bullet, g.faultMark,
			g.faultSpan, g.yes, g.no, g.play, g.pause, g.max, g.bar, g.waiting)
		texts = append(texts, g.shades...)
	}
	for _, s := range states {
		texts = append(texts, s.lane[0], s.lane[1], s.mark[0], s.mark[1])
	}
	for _, text := range texts {
		if got, want := textWidth(text), ansi.StringWidth(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestTwoRunsAreNamedByWhatTellsThemApart(t *testing.T) {
	for _, c := range []struct{ given, want [2]string }{
		{[2]string{"/runs/before", "/runs/after"}, [2]string{"before", "after"}},
		{[2]string{"/runs/1/x.hangtime", "/runs/12/x.hangtime"}, [2]string{"1/x.hangtime", "12/x.hangtime"}},
		{[2]string{"before", "after"}, [2]string{"before", "after"}},
		{[2]string{"", "/runs/after"}, [2]string{"", "/runs/after"}},
	} {
		if got := withoutCommonFolder(c.given); got != c.want {
			t.Errorf("%q: got %q, want %q", c.given, got, c.want)
		}
	}
}

func TestTheVerdictTellsWhatWasNoticedBesideHangs(t *testing.T) {
	l, err := newLook("none", false, colorprofile.TrueColor)
	if err != nil {
		t.Fatal(err)
	}
	r := overReport()
	r.Variants[0].Notices = []diagnose.Notice{{
		From: 8 * second, To: 9 * second,
		Cause: diagnose.Cause{Kind: diagnose.CauseBacklog, Sentence: "12 connections were dropped",
			Remedy: "a longer backlog"},
	}}
	text := ansi.Strip(strings.Join(verdictView{l}.verdictLines(r, nil, 100), "\n"))
	for _, want := range []string{"shared, backlog from 00:08.000 to 00:09.000", "12 connections were dropped",
		"remedy: a longer backlog"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
