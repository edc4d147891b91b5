package tui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// incidentScreen is the story of one incident, what it cost, and what would have prevented it.
type incidentScreen struct {
	page
	id int // in the variant
}

// openIncident shows the incident of that number; without a word the newest, or the one before that which is shown.
func openIncident(s *stage, word string) (screen, error) {
	v := s.shown()
	if word != "" {
		id, err := strconv.Atoi(word)
		if err != nil {
			return nil, errNumber
		}
		if v == nil || !slices.ContainsFunc(v.Incidents, func(in diagnose.Incident) bool { return in.ID == id }) {
			return nil, errors.New("there is no such incident in this variant")
		}
		return &incidentScreen{page{stage: s}, id}, nil
	}
	if v == nil {
		return nil, nil
	}
	if len(v.Incidents) == 0 && s.report.Over {
		for i := range s.report.Variants {
			if len(s.report.Variants[i].Incidents) > 0 {
				s.variant, v = s.report.Variants[i].Name, &s.report.Variants[i]
			}
		}
	}
	n := len(v.Incidents)
	if n == 0 {
		return nil, errors.New("no incident so far")
	}
	at := n - 1
	if was, ok := s.on.(*incidentScreen); ok {
		if i := was.at(v); i >= 0 {
			at = (i + n - 1) % n
		}
	}
	return &incidentScreen{page{stage: s}, v.Incidents[at].ID}, nil
}

// at is where in a variant its incident is; -1: it has none of that number.
func (s *incidentScreen) at(v *report.Variant) int {
	if v == nil {
		return -1
	}
	return slices.IndexFunc(v.Incidents, func(in diagnose.Incident) bool { return in.ID == s.id })
}

func (s *incidentScreen) draw(w, h int) string {
	v := s.shown()
	i := s.at(v)
	if i < 0 {
		return s.live.draw(w, h)
	}
	return s.look.scrolled(fmt.Sprintf("incident %d of %d", i+1, len(v.Incidents)),
		incidentView{s.look}.incidentLines(s.report, v, &v.Incidents[i], w-2), s.from, w, h)
}

func (s *incidentScreen) do(a action) (tea.Cmd, bool) {
	if a == doNext || a == doPrevious { // another incident, which is seen to come
		s.wind(a)
		s.show(s.live)
		return nil, true
	}
	v, last := s.shown(), 0
	if i := s.at(v); i >= 0 {
		last = len(incidentView{s.look}.incidentLines(s.report, v, &v.Incidents[i], s.w-2)) - (s.rows() - 2)
	}
	return nil, s.turn(a, last)
}

func (s *incidentScreen) copy() string {
	v := s.shown()
	if i := s.at(v); i >= 0 {
		return incidentMarkdown(s.report, v, &v.Incidents[i])
	}
	return ""
}

// fate is how long a victim stood still, and how that ended.
func fate(in *diagnose.Incident, v *diagnose.Victim, now time.Duration) string {
	text := ""
	if in.Kind == diagnose.KindHang {
		to := v.To
		if to < 0 {
			to = now
		}
		text = " stood for " + words.Short(to-v.From)
	}
	if v.End != "" {
		text += ": " + v.End
	}
	return text
}

// A moment is one step in the story of an incident.
type moment struct {
	at   time.Duration
	name string
	note string
}

// moments tell an incident in order, from what was broken to when all worked again.
func moments(v *report.Variant, in *diagnose.Incident, now time.Duration) []moment {
	var all []moment
	add := func(at time.Duration, name, note string) {
		if at >= 0 {
			all = append(all, moment{at, name, note})
		}
	}
	for _, f := range v.Faults {
		if f.ID == in.Fault {
			add(in.Injected, "injected", f.Kind+" on "+f.Target)
		}
	}
	if in.Kind == diagnose.KindHang {
		add(in.Began, "stood still", "the last progress, by the evidence")
	} else {
		add(in.Began, "died", in.Cause.Short)
	}
	add(in.Symptom, "suspected", "work present, no progress")
	add(in.Detected, "certain", string(in.Cause.Confidence)+": "+in.Cause.Short)
	for _, f := range v.Faults {
		if f.ID == in.Fault && f.To > in.Began {
			add(f.To, "healed", f.Kind+" was undone")
		}
	}
	for i := range in.Victims {
		victim := &in.Victims[i]
		if in.Kind == diagnose.KindHang && victim.To >= 0 {
			what := "freed"
			if victim.End != "recovered" {
				what = "killed"
			}
			add(victim.To, what, fmt.Sprintf("worker %d (pid %d) after %s: %s", victim.Place, victim.PID,
				words.Short(victim.To-victim.From), victim.End))
		}
	}
	add(in.Ended, "ended", "its last worker moved again or was gone")
	add(in.Recovered, "recovered", "every place has a worker that makes progress")
	slices.SortStableFunc(all, func(a, b moment) int { return int(a.at - b.at) })
	if in.Ended < 0 {
		add(now, "now", "it goes on")
	}
	return all
}

// cost is what became of the hits that were due while an incident lasted.
func cost(v *report.Variant, in *diagnose.Incident, now time.Duration) (due, ok, failed, open uint64, worst time.Duration) {
	to := now
	switch {
	case in.Recovered >= 0:
		to = in.Recovered
	case in.Ended >= 0:
		to = in.Ended
	}
	s := v.Load.Series
	for i, p := range s.Points {
		at := s.Start + time.Duration(i)*s.Step
		if at+s.Step <= in.Began || at >= to {
			continue
		}
		due, ok, failed, worst = due+p.Due, ok+p.OK, failed+p.Failed, max(worst, p.Max)
	}
	if ended := ok + failed; due > ended {
		open = due - ended
	}
	return due, ok, failed, open, worst
}

// An incidentView draws one incident.
type incidentView struct{ *look }

// incidentLines are the story of one incident as a page.
func (l incidentView) incidentLines(r *report.Report, v *report.Variant, in *diagnose.Incident, w int) []string {
	now := until(r, v)
	lines := append(l.paragraph(bad, strings.ToUpper(in.Kind)+fmt.Sprintf(" #%d: ", in.ID)+in.Cause.Sentence, 1, w), "")
	all := moments(v, in, now)
	for i, m := range all {
		since := ""
		if i > 0 {
			since = words.Since(m.at - all[0].at)
		}
		lines = append(lines, "   "+l.in(dim, words.Moment(m.at))+"  "+right(since, 9)+"  "+
			l.in(title, pad(m.name, 12))+l.text(m.note))
	}
	who := len(lines)
	for i := range in.Victims { // the ends of the others are in the story
		if victim := &in.Victims[i]; victim.To < 0 || in.Kind != diagnose.KindHang {
			lines = append(lines, l.paragraph(plain, fmt.Sprintf("worker %d (pid %d)", victim.Place, victim.PID)+
				fate(in, victim, now), 3, w)...)
		}
	}
	if len(lines) > who {
		lines = slices.Insert(lines, who, "", " "+l.in(title, "who"))
	}
	lines = append(lines, l.priced(v, in, now, w)...)
	lines = append(lines, "", " "+l.in(title, "evidence"))
	for _, h := range in.Cause.Holders {
		lines = append(lines, l.paragraph(plain, fmt.Sprintf("pid %d holds it: %s", h.PID, h.Command), 3, w)...)
	}
	if in.Cause.Where != "" {
		lines = append(lines, l.paragraph(plain, "in the worker's code: "+in.Cause.Where, 3, w)...)
	}
	if in.Cause.Path != "" {
		lines = append(lines, fmt.Sprintf("   %s, inode %d", l.text(in.Cause.Path), in.Cause.Inode))
	}
	lines = append(lines, "   "+l.in(dim, records(in.Cause.Evidence)))
	lines = append(lines, l.tree(in.Cause.Graph, w)...)
	lines = append(lines, "", " "+l.in(title, "what would have prevented this"))
	if in.Cause.Remedy != "" {
		lines = append(lines, l.paragraph(accent, "remedy: "+in.Cause.Remedy, 3, w)...)
	}
	if in.Cause.Prevention != "" {
		lines = append(lines, l.paragraph(plain, in.Cause.Prevention, 3, w)...)
	}
	for i := range r.Variants {
		other := &r.Variants[i]
		if other.Name != v.Name && other.To >= 0 && len(other.Incidents) == 0 && len(other.Faults) > 0 {
			lines = append(lines, l.paragraph(good, "in variant "+other.Name+" the same fault caused no incident: "+
				other.Says, 3, w)...)
		}
	}
	return lines
}

// priced says what an incident cost: of the requests that hangtime sent, where it sent any, and in the server.
func (l incidentView) priced(v *report.Variant, in *diagnose.Incident, now time.Duration, w int) []string {
	name := " " + l.in(title, "what it cost")
	var lines []string
	if !v.OnlyWatched() {
		due, ok, failed, open, worst := cost(v, in, now)
		name += l.in(dim, "  of the requests due meanwhile")
		answered := fmt.Sprintf("%s due: %s answered ok", words.Number(due), words.Number(ok))
		if worst > 0 {
			answered += ", the slowest after " + words.Duration(worst)
		}
		lines = l.paragraph(plain, fmt.Sprintf("%s; %s failed; %s unanswered so far", answered,
			words.Number(failed), words.Number(open)), 3, w)
	}
	for _, price := range in.Cost.Price() {
		lines = append(lines, l.paragraph(plain, price, 3, w)...)
	}
	if len(lines) == 0 {
		return nil
	}
	return append([]string{"", name}, lines...)
}

func records(seqs []uint64) string {
	if len(seqs) == 0 {
		return "no record is named"
	}
	texts := make([]string, 0, 8)
	for i, s := range seqs {
		if i == 8 {
			texts = append(texts, fmt.Sprintf("and %d more", len(seqs)-8))
			break
		}
		texts = append(texts, fmt.Sprint(s))
	}
	return "records " + strings.Join(texts, ", ") + " of the recording"
}

// incidentMarkdown is the same page, to be put into a ticket.
func incidentMarkdown(r *report.Report, v *report.Variant, in *diagnose.Incident) string {
	now := until(r, v)
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(words.Printable(fmt.Sprintf(format, args...)) + "\n") }
	line("## %s #%d in %s, variant %s", in.Kind, in.ID, r.Header.Scenario, v.Name)
	line("")
	line("%s (%s)", in.Cause.Sentence, in.Cause.Confidence)
	line("")
	line("| when | since | what | |")
	line("| --- | --: | --- | --- |")
	all := moments(v, in, now)
	for _, m := range all {
		line("| %s | %s | %s | %s |", words.Moment(m.at), words.Since(m.at-all[0].at), m.name,
			strings.ReplaceAll(m.note, "|", "\\|"))
	}
	line("")
	for _, victim := range in.Victims {
		line("- worker %d (pid %d)%s", victim.Place, victim.PID, fate(in, &victim, now))
	}
	due, ok, failed, open, worst := cost(v, in, now)
	line("")
	line("Of %d requests due meanwhile %d were answered (the slowest after %s), %d failed, %d were unanswered.", due,
		ok, words.Duration(worst), failed, open)
	line("")
	for _, price := range in.Cost.Price() {
		line("- %s", price)
	}
	for _, what := range []string{in.Cause.Remedy, in.Cause.Prevention} {
		if what != "" {
			line("")
			line("What would have prevented this: %s", what)
		}
	}
	line("")
	line("seed %d, %d cores, Linux %s, hangtime %s", r.Header.Seed, r.Header.Cores, r.Header.Kernel, r.Header.Tool)
	return b.String()
}
