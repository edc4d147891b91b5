package report_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/tui"
	"github.com/hangtime-dev/hangtime/words"
)

// A shown moment is what somebody reads of it.
type shown struct {
	Moment, Variant, Phase, Clock, Condition string
	Facts                                    map[string]string
	Workers                                  [][]string // place, state, pid, for, in, oldest, cpu, rss, request, why
	Story                                    [][]string // when, kind, text
	Held                                     string     // the first line about the worker that is looked at
}

// readPage winds the page to each of some frames, as a hand on the scrubber does, and reads it.
const readPage = `%s.map(frame => {
	const id = name => document.getElementById(name), range = id('film-range');
	range.value = frame;
	range.dispatchEvent(new Event('input'));
	const text = e => e.textContent;
	return {
		Moment: text(id('film-moment')), Variant: text(id('film-variant')), Phase: text(id('film-phase')), Clock: text(id('film-clock')),
		Condition: text(id('film-condition')),
		Facts: Object.fromEntries([...id('film-facts').children].map(d => [text(d.querySelector('dt')), text(d.querySelector('dd'))])),
		Workers: [...id('film-workers').rows].filter(r => !r.hidden).map(r => [...r.cells].map(text)),
		Story: [...id('film-story').children].map(l => [...l.children].map(text)),
		Held: text(id('film-more').firstElementChild || id('film-who')),
	};
})`

// At 100 moments of each recorded run, taken at random, the page shows what the terminal's replay shows: it is wound to
// each, and compared with the report that the tape has there.
func TestThePageShowsWhatTheScreenShowsAt100Moments(t *testing.T) {
	for _, name := range []string{"log-contention", "log-contention-again", "worker-kill"} {
		t.Run(name, func(t *testing.T) {
			tape, err := tui.OpenTape(t.Context(), filepath.Join("..", "tui", "testdata", name+".hangtime"))
			if err != nil {
				t.Fatal(err)
			}
			defer tape.Close()
			film := tape.Whole().Film
			random := rand.New(rand.NewPCG(20261129, 100))
			frames := make([]int, 100)
			for i := range frames {
				frames[i] = random.IntN(len(film.At))
			}
			slices.Sort(frames) // the tape goes forward only once
			var pages []shown
			report.OpenPage(t, tape.Whole(), 1280, 900).Ask(t, fmt.Sprintf(readPage, fmt.Sprint("[", join(frames), "]")), &pages)
			if len(pages) != len(frames) {
				t.Fatalf("%d moments; want %d", len(pages), len(frames))
			}
			troubled := 0
			for i, frame := range frames {
				want := screenAt(t, tape, film.At[frame])
				if diff := cmp.Diff(want, pages[i], cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("at %v (-screen +page):\n%s", film.At[frame], diff)
				}
				if want.Facts["failed"] != "0" || want.Facts["unanswered"] != "0" {
					troubled++
				}
			}
			if troubled < 10 {
				t.Errorf("%d of the moments had anything to show", troubled)
			}
		})
	}
}

func join(frames []int) string {
	text := ""
	for i, frame := range frames {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(frame)
	}
	return text
}

// screenAt is what the terminal's replay has at a moment, in the words in which its panes write it.
func screenAt(t *testing.T, tape *tui.RecordedTape, at time.Duration) shown {
	t.Helper()
	tape.Seek(at)
	for deadline := time.Now().Add(time.Minute); tape.Report().Now != at; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the tape is at %v; want %v", tape.Report().Now, at)
		}
	}
	r := tape.Report()
	v := r.Current()
	now := r.Now
	if v.To >= 0 {
		now = v.To
	}
	d := v.LoadNow()
	p50, p99, most := "-", "-", "-"
	for i := range d.Series.Points {
		if p := d.Series.Points[i]; p.OK+p.Failed > 0 {
			p50, p99, most = words.Duration(p.P50), words.Duration(p.P99), words.Duration(p.Max)
		}
	}
	inside := 0
	s := shown{Moment: words.Moment(at), Variant: fmt.Sprintf("%s (%d of %d)", v.Name, len(r.Variants), len(tape.Whole().Variants)),
		Phase: v.PhaseWords(), Clock: words.Clock(v.Elapsed(now)) + "/" + words.Clock(v.Planned),
		Condition: report.ConditionOf(r, v).Text, Held: "No worker"}
	for i := range v.Workers {
		w := &v.Workers[i]
		inside += w.Inside
		oldest := ""
		if w.Oldest > 0 {
			oldest = words.Short(w.Oldest)
		}
		s.Workers = append(s.Workers, []string{fmt.Sprint(w.Place), report.StateText(report.ShownState(w)), fmt.Sprint(w.PID), report.ShownSince(w, now),
			fmt.Sprint(w.Inside), oldest, words.Percent(w.CPU), words.ShortSize(w.RSS), report.RequestOf(w), report.Reason(w)})
	}
	if len(v.Workers) > 0 {
		w := &v.Workers[0]
		switch {
		case w.Cause != nil && report.InTrouble(w.State):
			s.Held = w.Cause.Sentence
		case w.Cause == nil && report.InTrouble(w.State):
			s.Held = "no evidence so far says why"
		case w.Cause != nil || w.Label != "":
			s.Held = "no hang, but " + report.LabelWords(w.Label)
		case w.State == "unknown":
			s.Held = "cannot tell whether it makes progress: " + w.Reason
		default:
			s.Held = "nothing holds it up"
		}
	}
	s.Facts = map[string]string{"offered": words.Rate(d.Offered), "achieved": words.Rate(d.Achieved), "due": words.Number(d.Due),
		"ok": words.Number(d.OK), "failed": words.Number(d.Failed), "unanswered": words.Number(report.Unanswered(&d)),
		"oldest": words.Short(d.Oldest), "in workers": words.Number(uint64(inside)), "unaccepted": words.Number(uint64(v.Backlog)),
		"tasks done": words.Number(d.Tasks.Done), "tasks lost": words.Number(d.Tasks.Lost), "p50": p50, "p99": p99, "max": most}
	for _, line := range v.Story {
		s.Story = append(s.Story, []string{words.Moment(line.At), string(line.Kind), line.Text})
	}
	return s
}
