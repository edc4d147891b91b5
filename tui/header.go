package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// A banner draws what stands above every page: which run it is, how far it is, and how things are.
type banner struct{ *look }

// header is the first line: what runs, how far it is, and what is wrong. What is wrong is never cut.
func (l banner) header(r *report.Report, v *report.Variant, w int) string {
	if v == nil {
		return l.fit(" "+l.in(title, "hangtime")+"  "+l.in(dim, "starting"), w)
	}
	state := l.condition(r, v)
	room := w - textWidth(state) - 2
	switch {
	case v.OnlyWatched():
		return l.watching(r, v, state, room, w)
	case v.OnlyLoaded():
		return l.loading(r, v, state, room, w)
	}
	name := fmt.Sprintf("%s %s %s", l.text(r.Header.Scenario), l.glyphs.into, l.text(v.Name))
	if r.Planned > 1 {
		name += fmt.Sprintf(" %d/%d", 1+slices.IndexFunc(r.Variants,
			func(one report.Variant) bool { return one.Name == v.Name }), r.Planned)
	}
	phase := l.text(v.PhaseWords())
	clocks := words.Clock(v.Elapsed(until(r, v))) + "/" + words.Clock(v.Planned)
	left := " " + l.in(title, name)
	if full := " " + l.in(title, "hangtime") + " " + left; textWidth(full)+textWidth(phase)+len(clocks)+16 < room {
		left = full
	}
	left += "  " + phase + " " + l.in(dim, clocks)
	if rest := v.Planned - v.Elapsed(until(r, v)); rest > 0 && v.To < 0 && textWidth(left)+24 < room {
		left += l.in(dim, fmt.Sprintf(", %.0f s left", rest.Seconds()))
	}
	if bar := min(room-textWidth(left)-1, 48); bar >= 4 {
		left += " " + l.progress(v.Elapsed(until(r, v)), v.Planned, bar)
	}
	return l.fit(left, w-textWidth(state)-1) + state + " "
}

// watching is the first line while a server is watched and nothing else is done.
func (l banner) watching(r *report.Report, v *report.Variant, state string, room, w int) string {
	left := " " + l.in(title, "watch") + fmt.Sprintf("  pid %d", v.Server.PID)
	if v.Server.Address != "" {
		left += " at " + l.text(v.Server.Address)
	}
	since := "  for " + words.Clock(until(r, v)-v.From)
	if v.To >= 0 {
		since = "  was watched for " + words.Clock(v.To-v.From)
	}
	if full := " " + l.in(title, "hangtime") + " " + left; textWidth(full)+len(since) < room {
		left = full
	}
	return l.fit(left+l.in(dim, since), w-textWidth(state)-1) + state + " "
}

func (l banner) progress(done, all time.Duration, w int) string {
	g := &l.glyphs
	share := 0.0
	if all > 0 {
		share = min(float64(done)/float64(all), 1)
	}
	n := int(share * float64(w))
	head := ""
	if n < w && n > 0 {
		head = g.headBar
	}
	return l.in(accent, strings.Repeat(g.doneBar, n)+head) +
		l.in(dim, strings.Repeat(g.restBar, max(w-n-len([]rune(head)), 0)))
}

// condition says in a few words how the server is.
func (l banner) condition(r *report.Report, v *report.Variant) string {
	c := report.ConditionOf(r, v)
	text := l.text(c.Text)
	switch {
	case v.OnlyLoaded() && v.To >= 0:
		return l.in(dim, "over  ") + l.answering(v)
	case v.OnlyLoaded() && c.State == diagnose.Busy:
		return l.answering(v)
	case c.Judged:
		return l.in(outcomeRole(r.Verdict.Outcome), text)
	case c.Calm:
		return l.in(dim, text)
	case c.State == "":
		return l.in(warn, text)
	case c.State == diagnose.Hung:
		return l.in(alarm, " "+l.stateMark(c.State)+" "+text+" ")
	case c.State == diagnose.Busy:
		return l.in(good, l.glyphs.bullet+" "+text)
	}
	return l.in(stateRole(c.State), l.stateMark(c.State)+" "+text)
}
