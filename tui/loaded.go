package tui

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// A loadedView draws what is above the workers while a server is loaded, and nothing else is done to it.
type loadedView struct{ *look }

const (
	loadedTopLeast = 9  // rows of figures and chart, frame included
	loadedTopMost  = 30 // a higher chart shows no more
)

// shareLoaded shares out the rows of a load: figures and charts, then the workers, then the story; where nobody looks at workers
// the charts have it all but a line.
func shareLoaded(v *report.Variant, rows int) heights {
	if v.Server.PID == 0 {
		return heights{top: max(rows-1, 0)}
	}
	h := heights{workers: max(min(max(len(v.Workers), 1)+3, rows-loadedTopLeast), min(rows, 4))}
	rest := rows - h.workers
	switch {
	case rest >= loadedTopLeast+storyLeast:
		h.top = max(min(rest*2/3, loadedTopMost), loadedTopLeast)
		h.story = rest - h.top
	case rest >= loadedTopLeast:
		h.top = rest
	default:
		h.workers = rows
	}
	return h
}

// loading is the first line: what is loaded, how far it is, and how that goes.
func (l banner) loading(r *report.Report, v *report.Variant, state string, room, w int) string {
	now := until(r, v)
	left := " " + l.in(title, "load") + "  " + l.text(cmp.Or(v.Says, v.Load.URL, v.Server.Address))
	clocks := "  " + words.Clock(v.Elapsed(now)) + "/" + words.Clock(v.Planned)
	if full := " " + l.in(title, "hangtime") + " " + left; textWidth(full)+len(clocks) < room {
		left = full
	}
	left += l.in(dim, clocks)
	switch rest := v.Planned - v.Elapsed(now); {
	case v.To < 0 && v.Phase == history.Ending:
		left += l.in(warn, "  waiting for the last answers")
	case rest > 0 && v.To < 0 && textWidth(left)+24 < room:
		left += l.in(dim, fmt.Sprintf(", %.0f s left", rest.Seconds()))
	}
	if bar := min(room-textWidth(left)-1, 48); bar >= 4 {
		left += " " + l.progress(v.Elapsed(now), v.Planned, bar)
	}
	return l.fit(left, w-textWidth(state)-1) + state + " "
}

// answering says in a few words how a server answers of which no worker hangs.
func (l banner) answering(v *report.Variant) string {
	text := v.AnswerWords()
	switch d := &v.Load; {
	case d.OK+d.Failed == 0:
		return l.in(dim, text)
	case d.OK == 0:
		return l.in(bad, l.glyphs.no+" "+text)
	case d.Failed > 0:
		return l.in(warn, l.glyphs.no+" "+text)
	}
	return l.in(good, l.glyphs.bullet+" "+text)
}

// loadedSentence is the sentence under the first line where nothing hangs: what was asked of the server, and what came of it.
func loadedSentence(v *report.Variant) string {
	d := &v.Load
	if v.To >= 0 {
		return fmt.Sprintf("over: of %s due %s were answered ok, %s failed", words.Count(int(d.Due), "request"), words.Number(d.OK), words.Number(d.Failed))
	}
	text := fmt.Sprintf("%s asked for, %s answered ok", words.Rate(d.Offered), words.Rate(d.Achieved))
	if d.All.Count > 0 {
		text += fmt.Sprintf("; half within %s, 99 of 100 within %s, the slowest %s, from when each was due", words.Duration(d.All.P50),
			words.Duration(d.All.P99), words.Duration(d.All.Max))
	}
	return text
}

// panes are the figures and what was answered on the left, response time and outcomes over time on the right.
func (l loadedView) panes(r *report.Report, v *report.Variant, w, h int) string {
	left := 38
	if w >= 110 {
		left = 44
	}
	return beside(l.box("load", "", l.figures(v, left, h-2), left, h), l.overTime(r, v, w-left, h))
}

// figures are what was asked, sent and answered, how fast, and each kind of answer by its name.
func (l loadedView) figures(v *report.Variant, w, rows int) []string {
	load := v.LoadNow()
	d := &load
	pair := charts(l).pairs(w)
	q := d.All
	body := []string{
		pair("asked", words.Rate(d.Offered), "answered", words.Rate(d.Achieved), d.Offered > 0 && d.Achieved < d.Offered/2),
		pair("due", words.Number(d.Due), "sent", words.Number(d.Sent), false),
		pair("ok", words.Number(d.OK), "failed", words.Number(d.Failed), d.Failed > 0),
		pair("unanswered", words.Number(report.Unanswered(d)), "oldest", words.Short(d.Oldest), d.Oldest >= second),
		pair("p50", words.Duration(q.P50), "p90", words.Duration(q.P90), false),
		pair("p99", words.Duration(q.P99), "max", words.Duration(q.Max), false),
	}
	answers := l.answers(d, w-2, rows-len(body))
	more := []string{pair("sent late", words.Number(d.Late), "dropped", words.Number(d.Dropped), d.Dropped > 0),
		pair("in flight", words.Number(uint64(max(d.InFlight, 0))), "to be sent", words.Number(uint64(max(d.Waiting, 0))), d.Waiting > 0)}
	if v.Server.PID != 0 {
		more = append(more, pair("in workers", words.Number(uint64(max(inWorkers(v), 0))), "unaccepted", words.Number(uint64(max(v.Backlog, 0))), false))
	}
	body = append(body, more[:max(min(rows-len(body)-max(len(answers), 1), len(more)), 0)]...)
	if rows > len(body)+len(answers)+1 {
		body = append(body, "")
	}
	body = append(body, answers...)
	if about := l.paragraph(dim, about(d), 1, w-2); about != nil && rows > len(body)+len(about) {
		body = append(append(body, ""), about...)
	}
	return body
}

func inWorkers(v *report.Variant) (n int) {
	for i := range v.Workers {
		n += v.Workers[i].Inside
	}
	return n
}

// about says how the load is made.
func about(d *metrics.Load) string {
	text := d.Pattern
	if d.Senders > 0 {
		text += fmt.Sprintf(", at most %s at once", words.Count(d.Senders, "request"))
	}
	return strings.TrimPrefix(text, ", ")
}

// An answer is a status or an error by its name, and how often it came.
type answer struct {
	name  string
	short string // on a narrow terminal
	n     uint64
	as    role
}

// answersOf are the statuses and errors, most first.
func answersOf(d *metrics.Load) []answer {
	var all []answer
	for status, n := range d.Status {
		one := answer{status, status, n, good}
		if code, err := strconv.Atoi(status); err == nil {
			one.name = strings.TrimSpace(status + " " + http.StatusText(code))
			if code >= 400 {
				one.as = bad
			}
		}
		all = append(all, one)
	}
	for class, n := range d.Errors {
		if class != history.ErrStatus { // it is listed with its status
			all = append(all, answer{errorName(class), errorName(class), n, bad})
		}
	}
	all = slices.DeleteFunc(all, func(a answer) bool { return a.n == 0 })
	slices.SortFunc(all, func(a, b answer) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name)) })
	return all
}

// answers lists each with its share of what has ended; where there is no room for a line each, all in one line.
func (l loadedView) answers(d *metrics.Load, w, rows int) []string {
	all := answersOf(d)
	if len(all) > max(rows, 1) {
		texts := make([]string, 0, len(all))
		for _, a := range all {
			texts = append(texts, a.short+": "+words.Number(a.n))
		}
		return []string{" " + ansi.Truncate(l.text(strings.Join(texts, ", ")), max(w-1, 0), l.glyphs.more)}
	}
	ended := max(d.OK+d.Failed, 1)
	lines := make([]string, 0, len(all))
	for _, a := range all {
		figures := right(words.Number(a.n), 8) + right(words.Share(float64(a.n)/float64(ended)), 10)
		lines = append(lines, " "+l.in(a.as, l.fit(l.text(a.name), max(w-1-len(figures), 4)))+figures)
	}
	return lines
}

// errorName says an error's class in words.
func errorName(class string) string {
	switch class {
	case history.ErrTimeout:
		return "no answer in time"
	case history.ErrRefused:
		return "connection refused"
	case history.ErrReset:
		return "connection reset"
	case history.ErrClosed:
		return "closed before the end"
	case history.ErrMalformed:
		return "answer is no HTTP"
	case history.ErrResent:
		return "sent a second time"
	case history.ErrDropped:
		return "never sent"
	case history.ErrUnanswered:
		return "no answer at the end"
	}
	return class
}

// overTime has response times as a heat map and below it, on the same axis, what became of the requests.
func (l loadedView) overTime(r *report.Report, v *report.Variant, w, h int) string {
	rows, columns := h-3, w-2-gutter
	c := charts(l)
	if rows < 3 || columns < 8 {
		return l.box("response time", "", []string{" " + c.quantiles(&v.Load)}, w, h)
	}
	now := until(r, v)
	a := axisOf(v, now, columns)
	below := 0
	if rows >= 8 {
		below = min(max(rows/3, 3), 8)
	}
	body := c.chart(v, a, r.Now, rows-below)
	if below > 0 {
		load := v.LoadNow()
		sums := a.outcomes(&load, now)
		body = append(body, l.in(dim, right("due", gutter-2)+"  ")+l.in(good, l.glyphs.bar+" ok ")+l.in(bad, l.glyphs.no+" failed ")+
			l.in(warn, l.glyphs.shades[0]+" unanswered"))
		perSecond := mostOf(sums) / ((a.to - a.from).Seconds() / float64(columns))
		for i, line := range c.outcomeBars(sums, below-1) {
			label := ""
			if i == 0 && len(load.Series.Points) > 0 {
				label = words.Rate(perSecond)
			}
			body = append(body, l.in(dim, right(label, gutter-2)+" "+l.glyphs.border.Left)+line)
		}
	}
	name := "response time, from due"
	if w < 66 {
		name = "response time"
	}
	return l.box(name, c.quantiles(&v.Load), body, w, h)
}

// unobserved says why there are no workers to be seen.
func (l loadedView) unobserved(why string, w int) string {
	return l.fit(" "+l.in(dim, "workers not observed: "+l.text(cmp.Or(why, "nobody looked at them"))), w)
}

// stalled says whether a server that is loaded answers nothing, or some of its workers get nowhere: whatever waits then waits
// for it, and not for the load generator.
func stalled(v *report.Variant) bool {
	return v.AnswersNothing() || slices.ContainsFunc(v.Workers, func(w diagnose.Worker) bool { return report.InTrouble(w.State) })
}
