package tui

import (
	"math"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// liveScreen is a variant as it goes, live or replayed.
type liveScreen struct {
	*stage
	filter string // of workers and of the story
	order  order
	older  int // lines of the story, from the newest, that are below the pane
}

func (s *liveScreen) head(w int) string { return banner{s.look}.header(s.report, s.stage.shown(), w) }

func (s *liveScreen) draw(w, h int) string {
	v := s.stage.shown()
	if v == nil {
		return s.look.box("hangtime", "", []string{" starting"}, w, h)
	}
	return liveBody{s.look}.live(s.report, v, s.view(v), w, h)
}

func (s *liveScreen) place() place { return s.goingOn(onLive) }

func (s *liveScreen) hints() []hint {
	all := append([]hint{{actions: []action{doUp, doDown}, does: "worker"}}, hints(doOpen, doIncident)...)
	all = append(all, moves(s.place())...)
	if s.report != nil && s.report.Planned > 1 {
		all = append(all, hints(doVariant)...)
	}
	return append(all, hints(doFilter, doPalette)...)
}

func (s *liveScreen) top() { s.older = 0 }

func (s *liveScreen) do(a action) (tea.Cmd, bool) {
	by, moves := step(a, s.h)
	switch {
	case a == doPageUp || a == doPageDown:
		s.older = max(s.older-by, 0)
		if v := s.stage.shown(); v != nil {
			s.older = min(s.older, len(v.Story))
		}
	case moves:
		s.choose(by)
	case a == doBack:
		s.refilter("")
	case a == doOrder:
		s.order = (s.order + 1) % 3
		s.say("workers %s", s.order)
	default:
		return nil, false
	}
	return nil, true
}

func (s *liveScreen) copy() string {
	_, text := says(s.report, s.stage.shown(), math.MaxInt32)
	return words.Printable(text)
}

func (s *liveScreen) filtered() string { return s.filter }

func (s *liveScreen) refilter(text string) { s.filter, s.older = text, 0 }

// choose selects the worker that is so many rows below the selected one.
func (s *liveScreen) choose(by int) {
	v := s.stage.shown()
	if v == nil {
		return
	}
	shown := s.view(v).shown
	if len(shown) == 0 {
		return
	}
	at := max(slices.IndexFunc(shown, func(w diagnose.Worker) bool { return w.Place == s.selected }), 0)
	s.selected = shown[max(min(at+by, len(shown)-1), 0)].Place
}

// click selects the worker that is drawn there; the selected one is opened.
func (s *liveScreen) click(_, y int) tea.Cmd {
	v := s.stage.shown()
	if v == nil {
		return nil
	}
	high := shareOf(v, s.h-s.bars()-1)
	shown, rows := s.view(v).shown, high.workers-3
	row := y - (1 + 1 + high.top + 2) // header, statement, panes above, frame and heading
	at := row + firstRow(shown, s.selected, rows)
	switch {
	case row < 0 || row >= rows || at >= len(shown):
	case shown[at].Place == s.selected:
		s.show(&workerScreen{page{stage: s.stage}})
	default:
		s.selected = shown[at].Place
	}
	return nil
}

// view is what of the variant is shown.
func (s *liveScreen) view(v *report.Variant) liveView {
	rows := shareOf(v, s.h-s.bars()-1).workers - 3
	return liveView{shown: pick(v.Workers, s.filter, s.order, rows), selected: s.selected, filter: s.filter,
		order: s.order, older: s.older, unseen: s.options.Unwatched}
}

// heights shares out the rows of the live screen: the worker table first, then the story, then load and response time.
type heights struct{ top, workers, story int }

const (
	topLeast   = loadRows + 2
	storyLeast = 3
	topMost    = metrics.BandCount + 3 // a higher chart shows no more
	tallFrom   = 40                    // rows from which even a long worker table leaves room for the charts
)

// shareOf is share for a variant; where nothing is sent there is no load and no response time to be drawn.
func shareOf(v *report.Variant, rows int) heights {
	switch {
	case v.OnlyLoaded():
		return shareLoaded(v, rows)
	case !v.OnlyWatched():
		return share(rows, len(v.Workers))
	}
	story := max(storyLeast, rows/3)
	if rows < 4+storyLeast {
		story = 0
	}
	workers := min(max(len(v.Workers), 1)+3, rows-story)
	if story > 0 {
		story = rows - workers
	}
	return heights{workers: workers, story: story}
}

func share(rows, workers int) heights {
	var h heights
	most := rows
	switch {
	case rows >= tallFrom:
		most = rows - topLeast - storyLeast
	case rows >= 4+storyLeast:
		most = rows - storyLeast
	}
	h.workers = min(max(workers, 1)+3, most)
	rest := rows - h.workers
	switch {
	case rest >= topLeast+storyLeast+2:
		extra := rest - topLeast - storyLeast - 2
		h.top = topLeast + min(extra/2, topMost-topLeast)
		h.story = rest - h.top
	case rest >= topLeast+storyLeast:
		h.top, h.story = topLeast, rest-topLeast
	case rest >= storyLeast:
		h.story = rest
	default:
		h.workers = rows
	}
	return h
}

// checksFrom is the width from which checks and incidents stand beside the story.
const checksFrom = 120

// A liveBody lays the panes of the live screen out.
type liveBody struct{ *look }

// live is the screen of a variant, w × h without header and key line.
func (l liveBody) live(r *report.Report, v *report.Variant, view liveView, w, h int) string {
	s := shareOf(v, h-1)
	now := until(r, v)
	blocks := []string{banner(l).statement(r, v, w)}
	if v.OnlyLoaded() {
		if s.top > 0 {
			blocks = append(blocks, loadedView(l).panes(r, v, w, s.top))
		}
		s.top = 0
		if s.workers == 0 {
			return strings.Join(append(blocks, loadedView(l).unobserved(view.unseen, w)), "\n")
		}
	}
	if s.top > 0 {
		left := 38
		if w >= 140 {
			left = 46
		}
		blocks = append(blocks, beside(charts(l).loadPane(v, now, left, s.top), charts(l).chartPane(r, v, w-left, s.top)))
	}
	note := ""
	if view.filter != "" {
		note = "/" + view.filter
	}
	if view.order == troubleFirst {
		note += " trouble first"
	}
	blocks = append(blocks, workerTable(l).workersPane(v, now, view.shown, view.selected, w, s.workers, note))
	switch {
	case s.story > 0 && w >= checksFrom:
		right := max(w/3, 40)
		blocks = append(blocks, beside(storyView(l).storyPane(v, view, "", w-right, s.story), sideView(l).sidePane(v, view, now, right, s.story)))
	case s.story > 0:
		blocks = append(blocks, storyView(l).storyPane(v, view, sideView(l).incidentsNote(v)+sideView(l).checksNote(v), w, s.story))
	}
	return strings.Join(blocks, "\n")
}
