package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
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
	phase := l.text(phaseWords(v))
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
	counts := map[diagnose.State]int{}
	for _, w := range v.Workers {
		counts[w.State]++
	}
	all := len(v.Workers)
	switch {
	case v.OnlyLoaded() && v.To >= 0:
		return l.in(dim, "over  ") + l.answering(v)
	case r.Over:
		return l.in(outcomeRole(r.Verdict.Outcome), "over: "+l.text(string(r.Verdict.Outcome)))
	case v.To >= 0:
		return l.in(dim, "over")
	case v.Hangs() > 0:
		return l.in(alarm, fmt.Sprintf(" %s HANG %d of %d workers ", l.stateMark(diagnose.Hung), v.Hangs(), all))
	case counts[diagnose.Dead] > 0:
		return l.in(bad, fmt.Sprintf("%s %d of %d dead", l.stateMark(diagnose.Dead), counts[diagnose.Dead], all))
	case counts[diagnose.Suspect] > 0:
		return l.in(warn, fmt.Sprintf("%s suspect %d of %d", l.stateMark(diagnose.Suspect), counts[diagnose.Suspect], all))
	case answersNothing(&v.Load):
		return l.in(warn, "nothing is answered since "+words.Short(v.Load.Oldest))
	case v.OnlyLoaded():
		return l.answering(v)
	case all == 0:
		return l.in(dim, "no workers yet")
	case counts[diagnose.Booting] > 0:
		return l.in(warn, fmt.Sprintf("%s booting %d of %d", l.stateMark(diagnose.Booting), counts[diagnose.Booting], all))
	case counts[diagnose.Unknown] > 0:
		return l.in(stateRole(diagnose.Unknown),
			fmt.Sprintf("%s unknown %d of %d", l.stateMark(diagnose.Unknown), counts[diagnose.Unknown], all))
	}
	return l.in(good, l.glyphs.bullet+fmt.Sprintf(" healthy %d workers", all))
}

// phaseWords says what a phase is, to someone who has not read the scenario; where nothing is to be broken, no phase is before
// a fault.
func phaseWords(v *report.Variant) string {
	names := map[string]string{history.Before: "before fault", history.During: "during fault", history.After: "after fault"}
	text, is := names[v.Phase]
	switch {
	case !is:
		return v.Phase
	case v.Plan.Name != "" && len(v.Plan.Faults)+len(v.Faults) == 0:
		return "under load"
	}
	return text
}
