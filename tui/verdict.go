package tui

import (
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// verdictScreen is what the run came to, or comes to as things stand.
type verdictScreen struct{ page }

// openVerdict shows the verdict, and from there the run again.
func openVerdict(s *stage, _ string) (screen, error) {
	if s.shown() == nil {
		return nil, nil
	}
	if !judged(s.report) {
		if s.options.Recording != "" {
			return nil, errors.New("nothing is judged here; hangtime replay " + s.options.Recording + " shows it again")
		}
		return nil, errors.New("nothing is judged here: nothing was expected")
	}
	if s.on == s.over {
		s.stay = s.report.Over
		return s.live, nil
	}
	s.stay = !s.report.Over
	return s.over, nil
}

func (s *verdictScreen) draw(w, h int) string {
	if s.shown() == nil {
		return s.live.draw(w, h)
	}
	return s.look.scrolled("verdict", verdictView{s.look}.verdictLines(s.report, s.next(), w-2), s.from, w, h)
}

// place is a page, of a run that is judged: it goes on no more, or is not looked at.
func (s *verdictScreen) place() place { return s.page.place() &^ onRun }

func (s *verdictScreen) hints() []hint {
	all := append([]hint{{actions: []action{doUp, doDown}, does: "scroll"}},
		hints(doVerdict, doVariant, doIncident, doCopy, doWrite)...)
	return append(all, moves(s.place())...)
}

func (s *verdictScreen) do(a action) (tea.Cmd, bool) {
	last := 0
	if s.shown() != nil {
		last = len(verdictView{s.look}.verdictLines(s.report, s.next(), s.w-2)) - (s.rows() - 2)
	}
	return nil, s.turn(a, last)
}

func (s *verdictScreen) copy() string {
	var b strings.Builder
	if err := s.report.Markdown(&b); err != nil {
		s.say("%v", err)
	}
	return b.String()
}

// next is what a person may want to do after the verdict.
func (s *verdictScreen) next() []string {
	l, scenario := s.look, s.look.text(s.report.Header.Scenario)
	button := func(a action) string { return l.in(keycap, s.keys.get(a).Help().Key) }
	lines := []string{button(doVerdict) + " looks at the run again, " + button(doVariant) + " changes the variant, " +
		button(doIncident) + " opens an incident"}
	if s.options.Write != nil {
		lines = append(lines, button(doWrite)+" writes this as a page (HTML) and as Markdown, "+button(doCopy)+" copies it")
	}
	if s.options.Recording != "" {
		lines = append(lines, l.in(accent, "hangtime replay "+l.text(s.options.Recording))+"  shows it again, step by step")
	} else if s.player == nil {
		lines = append(lines, l.in(accent, "hangtime run "+scenario+" --out DIR")+
			"  keeps a recording, to replay and to compare")
	}
	return append(lines, l.in(accent, "hangtime scenarios show "+scenario+" > mine.yaml")+"  to start your own from")
}

// A verdictView draws what the run came to.
type verdictView struct{ *look }

// verdictLines are the outcome first, then the variants side by side, what was judged, and what to do next.
func (l verdictView) verdictLines(r *report.Report, next []string, w int) []string {
	o := r.Verdict.Outcome
	lines := l.paragraph(plain, strings.ToUpper(string(o))+"  "+r.Verdict.Sentence, 1, w)
	lines[0] = strings.Replace(lines[0], strings.ToUpper(string(o)), l.in(outcomeRole(o), strings.ToUpper(string(o))+" "), 1)
	for _, why := range r.Verdict.Why {
		lines = append(lines, l.paragraph(plain, why, 3, w)...)
	}
	if r.Interrupted != "" {
		lines = append(lines, "   "+l.in(warn, "interrupted by "+r.Interrupted+": this is what was known by then"))
	}
	lines = append(lines, "")
	lines = append(lines, verdictTable(l).tableLines(r, w)...)
	lines = append(lines, "", " "+l.in(title, "checks"))
	for _, v := range r.Verdict.Variants {
		for i, c := range v.Checks {
			lines = append(lines, l.checkLine(v.Name, &c, i == 0))
		}
	}
	for i := range r.Variants {
		for j := range r.Variants[i].Incidents {
			in := &r.Variants[i].Incidents[j]
			lines = append(lines, "", " "+l.in(bad, fmt.Sprintf("%s, %s #%d", r.Variants[i].Name, in.Kind, in.ID))+" "+
				l.in(dim, "at "+words.Moment(in.Began)))
			lines = append(lines, l.paragraph(plain, in.Cause.Sentence, 3, w)...)
			if in.Cause.Remedy != "" {
				lines = append(lines, l.paragraph(accent, "remedy: "+in.Cause.Remedy, 3, w)...)
			}
		}
		for _, n := range r.Variants[i].Notices {
			lines = append(lines, "", " "+l.in(warn, r.Variants[i].Name+", "+n.Cause.Kind)+" "+
				l.in(dim, "from "+words.Moment(n.From)+" to "+words.Moment(n.To)))
			lines = append(lines, l.paragraph(plain, n.Cause.Sentence, 3, w)...)
			if n.Cause.Remedy != "" {
				lines = append(lines, l.paragraph(accent, "remedy: "+n.Cause.Remedy, 3, w)...)
			}
		}
	}
	for _, v := range r.Verdict.Variants {
		for _, note := range v.Notes {
			lines = append(lines, l.paragraph(warn, v.Name+": "+note, 1, w)...)
		}
	}
	for i, t := range r.Troubles {
		if i == 0 {
			lines = append(lines, "", " "+l.in(warn, "what hangtime itself could not do or see"))
		}
		lines = append(lines, l.paragraph(plain, t, 3, w)...)
	}
	lines = append(lines, "", " "+l.in(title, "what next"))
	for _, n := range next {
		lines = append(lines, "   "+n)
	}
	return lines
}

func (l verdictView) checkLine(variant string, c *verdict.Check, first bool) string {
	text := "   " + pad(l.outcome(c.Outcome), 10) + l.in(dim, variant+": ") + l.text(c.Name)
	if c.Got != "" && (first || c.Outcome != verdict.Pass) {
		text += ": " + l.text(c.Got)
	}
	if c.Want != "" {
		text += l.in(dim, "  "+c.Want)
	}
	return text
}
