package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/metrics"
	"github.com/hangtime-dev/hangtime/words"
	"github.com/hangtime-dev/hangtime/words/hostile"
)

// textAt is what stands in a track at a frame.
func (f *Film) textAt(t Track, frame int) string {
	text := ""
	for _, change := range t {
		if change.Frame <= frame {
			text = f.Texts[change.Text]
		}
	}
	return text
}

// sheetAt are the lines that stand in a track of sheets at a frame.
func (f *Film) sheetAt(t Track, frame int) string {
	var lines []string
	for _, change := range t {
		if change.Frame <= frame {
			lines = nil
			for _, id := range f.Sheets[change.Text] {
				lines = append(lines, f.Texts[id])
			}
		}
	}
	return strings.Join(lines, "\n")
}

// Whatever is left out of a film, each frame that stays says what the report of its moment said.
func TestEachFrameOfAFilmSaysWhatTheReportSaid(t *testing.T) {
	c, builder := newCamera(), NewBuilder()
	builder.explain = func() explainer { return &said{} }
	at := map[time.Duration]*Report{}
	for _, rec := range wholeRun(t).records {
		builder.Add(rec)
		switch rec.Event.(type) {
		case history.Tick, history.RunEnded:
			r := builder.Report()
			at[r.Now] = r
			c.see(r)
		}
	}
	whole := len(c.film.At)
	for times := range 4 {
		film := c.developed()
		if want := (whole + 1<<times - 1) >> times; len(film.At) != want {
			t.Errorf("thinned %d times: %d frames; want %d", times, len(film.At), want)
		}
		for frame, moment := range film.At {
			if bad := film.differs(frame, at[moment]); bad != "" {
				t.Fatalf("thinned %d times, frame %d at %v: %s", times, frame, moment, bad)
			}
		}
		c.thin()
	}
}

// differs says in what a frame is not what a report says; empty: in nothing.
func (f *Film) differs(frame int, r *Report) string {
	v, m := r.Current(), MomentOf(r, r.Current())
	filmed := &f.Variants[0]
	for i := range f.Variants {
		if f.Variants[i].First <= frame {
			filmed = &f.Variants[i]
		}
	}
	for i, want := range []string{words.Moment(m.At), m.Phase, m.Clock, m.Condition, m.Mood} {
		if got := f.textAt(filmed.Head[i], frame); got != want {
			return fmt.Sprintf("%s is %q; want %q", headTracks[i], got, want)
		}
	}
	for i, fact := range m.Facts {
		if got := f.textAt(filmed.Facts[i].Value, frame); got != fact.Text || filmed.Facts[i].Name != fact.Name {
			return fmt.Sprintf("%s is %q; want %q", fact.Name, got, fact.Text)
		}
	}
	for i, w := range m.Workers {
		one := &filmed.Workers[i]
		if got := f.textAt(one.State, frame); got != string(w.State) || one.Place != w.Place {
			return fmt.Sprintf("worker %d is %q; want %q", one.Place, got, w.State)
		}
		for j, want := range w.Cells {
			if got := f.textAt(one.Cells[j], frame); got != want {
				return fmt.Sprintf("%s of worker %d is %q; want %q", workerCells[j], w.Place, got, want)
			}
		}
		if got := f.sheetAt(one.More, frame); got != w.More {
			return fmt.Sprintf("of worker %d it says %q; want %q", w.Place, got, w.More)
		}
	}
	var got, want []string
	for _, line := range filmed.Story {
		if line.From <= frame && (line.To < 0 || line.To > frame) {
			got = append(got, f.Texts[line.At]+" "+f.Texts[line.Kind]+" "+f.Texts[line.Text])
		}
	}
	for _, line := range v.Story {
		want = append(want, words.Moment(line.At)+" "+string(line.Kind)+" "+line.Text)
	}
	if !slices.Equal(got, want) {
		return fmt.Sprintf("the story is %q; want %q", got, want)
	}
	return ""
}

// busyTenMinutes is a run of ten minutes in which nothing stays as it is for a tenth of a second: 16 workers, of which
// half hang with long stacks, under load.
func busyTenMinutes() *Report {
	random := rand.New(rand.NewPCG(1, 2))
	c := newCamera()
	frames := make([]string, 30)
	for i := range frames {
		frames[i] = fmt.Sprintf("handle_%d (/srv/app/lib/handlers/part_%d.py:%d)", i, i, 10*i)
	}
	r := &Report{Variants: []Variant{{Name: "bad", Timeline: Timeline{To: -1, Planned: 10 * time.Minute}}}, Planned: 1}
	v := &r.Variants[0]
	v.Load.Series = metrics.Series{Step: 1200 * time.Millisecond}
	for range 500 {
		p := metrics.Point{Due: 400, OK: 300, Failed: 20, P50: time.Duration(random.IntN(1e7)), P99: time.Second, Max: 2 * time.Second}
		for band := range p.Bands {
			p.Bands[band] = uint32(random.IntN(100))
		}
		v.Load.Series.Points = append(v.Load.Series.Points, p)
	}
	states := []diagnose.State{diagnose.Idle, diagnose.Busy, diagnose.Suspect, diagnose.Hung}
	for r.Now = 0; r.Now < 10*time.Minute; r.Now += 100 * time.Millisecond {
		d := &v.Load
		d.Due += 40
		d.OK += uint64(random.IntN(40))
		d.Offered, d.Achieved, d.Oldest = 400+random.Float64()*5, random.Float64()*400, time.Duration(random.Int64N(5e9))
		d.Tasks.Done = d.OK
		v.Workers = nil
		for place := 1; place <= 16; place++ {
			w := diagnose.Worker{Identity: diagnose.Identity{Place: place, PID: 4000 + place}}
			w.State, w.Since = states[random.IntN(2)], r.Now-time.Duration(random.Int64N(1e9))
			w.CPU, w.RSS, w.Inside, w.Oldest = random.Float64(), uint64(100e6+random.IntN(4e6)), random.IntN(3), time.Duration(random.Int64N(1e9))
			if place > 8 {
				w.State, w.Since = states[2+int(r.Now/time.Second)%2], r.Now.Truncate(30*time.Second)
				w.Cause = &lockCause
				w.Threads = []history.ThreadSample{{TID: 1, Name: "main", State: "S", Syscall: "flock", Args: "9 → async_tasks.log"}}
				w.Stacks = []history.Stack{{TID: 1, Frames: frames[:10+random.IntN(20)]}}
			}
			v.Workers = append(v.Workers, w)
		}
		if r.Now%time.Second == 0 {
			v.Story = append(slices.Clone(v.Story), Line{At: r.Now, Kind: LineSuspect, Text: fmt.Sprintf("worker %d: work present, no progress", random.IntN(16)), number: len(v.Story) + 1})
		}
		c.see(r)
	}
	v.To, r.Over = r.Now, true
	r.Film = c.developed()
	return r
}

// Ten minutes of a run are a page of two megabytes at most, however much happens in them.
func TestTenMinutesAreASmallPage(t *testing.T) {
	r := busyTenMinutes()
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	changes := 0
	for i := range r.Film.Variants {
		r.Film.Variants[i].tracks(func(track *Track, _ bool) { changes += len(*track) })
	}
	t.Logf("%d bytes: %d frames, %d changes, %d texts", page.Len(), len(r.Film.At), changes, len(r.Film.Texts))
	if page.Len() > 2e6 || len(r.Film.At) < 1000 {
		t.Errorf("%d bytes with %d frames; want at most 2,000,000 with 1,000 or more", page.Len(), len(r.Film.At))
	}
}

// However long a run goes on, its film stays within its bounds.
func TestAFilmOfHoursIsBounded(t *testing.T) {
	c := newCamera()
	r := &Report{Variants: []Variant{{Name: "v", Timeline: Timeline{To: -1}}}}
	for r.Now = 0; r.Now < 2*time.Hour; r.Now += 100 * time.Millisecond {
		c.see(r)
	}
	if n := len(c.film.At); n > mostFilmFrames || n < mostFilmFrames/2 || len(c.film.Texts) > 3*mostFilmFrames {
		t.Errorf("%d frames, %d texts of two hours; want at most %d", n, len(c.film.Texts), mostFilmFrames)
	}
	last := c.film.At[len(c.film.At)-1]
	if r.Now-last > 10*time.Second {
		t.Errorf("the newest frame is of %v, and it is %v", last, r.Now)
	}
}

// played is where a page is.
type played struct {
	Frame, Frames int
	Condition     string
	Moment        string
	Playing       string
	Said          string
	X, View       float64 // of the playhead, and how wide the window is
}

const whereItIs = `({
	Frame: Number(document.getElementById('film-range').value), Frames: Number(document.getElementById('film-range').max) + 1,
	Condition: document.getElementById('film-condition').textContent, Moment: document.getElementById('film-moment').textContent,
	Playing: document.getElementById('film-play').getAttribute('aria-label'), Said: document.getElementById('film-range').getAttribute('aria-valuetext'),
	X: document.querySelector('.film-chart:not([hidden]) .playhead').getBoundingClientRect().x, View: innerWidth,
})`

// Keys, buttons and links move through the run.
func TestThePageIsPlayedByKeys(t *testing.T) {
	p := OpenPage(t, wholeReport(t), 1280, 900)
	where := func() (at played) {
		t.Helper()
		p.Ask(t, whereItIs, &at)
		return at
	}
	begin := where()
	if begin.Condition != "HANG 2 of 2 workers" || !strings.Contains(begin.Said, begin.Moment+", shared, during fault: HANG 2 of 2") {
		t.Errorf("it opens at %+v; want the hang, in words", begin)
	}
	for _, row := range []struct {
		keys string
		with []chromedp.Modifier
		want string // the moment
	}{
		{kb.End, nil, ""}, // focus is nowhere: the page's own key
		{kb.ArrowLeft, nil, "00:03.501"}, {kb.ArrowRight, nil, "00:04.501"}, {",", nil, "00:04.401"}, {".", nil, "00:04.501"},
		{kb.ArrowRight, []chromedp.Modifier{chromedp.ModifierShift}, "00:14.501"}, {"p", nil, "00:03.501"}, {"n", nil, "00:03.501"},
		{kb.ArrowLeft, []chromedp.Modifier{chromedp.ModifierShift}, "00:00.601"}, {"n", nil, "00:03.501"},
	} {
		p.press(t, row.keys, row.with...)
		if got := where(); row.want != "" && got.Moment != row.want {
			t.Errorf("%q goes to %s; want %s", row.keys, got.Moment, row.want)
		}
	}
	at := where()
	p.press(t, "+")
	p.press(t, " ")
	var moved bool
	p.Ask(t, fmt.Sprintf(`(async () => { for (let i = 0; i < 400; i++) { if (Number(document.getElementById('film-range').value) > %d) return true; await new Promise(r => setTimeout(r, 25)); } return false; })()`, at.Frame+5), &moved)
	if playing := where(); !moved || playing.Playing != "pause" {
		t.Errorf("the space bar plays: moved %v, its button says %q", moved, playing.Playing)
	}
	p.press(t, " ")
	if stopped := where(); stopped.Playing != "play" {
		t.Errorf("the space bar pauses: the button says %q", stopped.Playing)
	}
	var none string
	p.Ask(t, `(async () => { document.querySelector('a.seek').click(); await new Promise(r => setTimeout(r, 300)); return location.hash; })()`, &none)
	if got := where(); none != "#t=3.6" || got.Moment != "00:03.501" && got.Moment != "00:03.601" {
		t.Errorf("the incident's link leads to %s (%s)", got.Moment, none)
	}
}

// On a phone the playhead is in view, and so is the last column of the tables that put variants, or two runs, side by
// side: that of the cure.
func TestTheCureIsInViewOnAPhone(t *testing.T) {
	r := wholeReport(t)
	p := OpenPage(t, r, 390, 844)
	var at played
	p.Ask(t, whereItIs, &at)
	if at.X < 0 || at.X > at.View {
		t.Errorf("the playhead is at %.0f px of %.0f", at.X, at.View)
	}
	compared, err := Compare([2]string{"before/log-contention.hangtime", "after/log-contention.hangtime"}, []*Report{wholeReport(t)}, []*Report{slower(t, 4*time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]Page{"report": p, "compare": openHTML(t, compared.HTML, 390, 844)}
	for name, page := range pages {
		var tables []struct {
			Right, Left, Wide, Rows float64
			Text                    string
		}
		page.Ask(t, `[...document.querySelectorAll('table.sides')].map(table => {
			const cells = [...table.querySelectorAll('tr > :last-child')], boxes = cells.map(c => c.getBoundingClientRect());
			return {Right: Math.max(...boxes.map(b => b.right)), Left: Math.min(...boxes.map(b => b.left)), Wide: innerWidth, Rows: cells.length, Text: cells[0].textContent};
		})`, &tables)
		if len(tables) < 2 {
			t.Errorf("%s: %d tables", name, len(tables))
		}
		for _, table := range tables {
			if table.Right > table.Wide || table.Left < 0 || table.Rows < 2 || table.Wide != 390 {
				t.Errorf("%s: the last column (%s) is from %.0f to %.0f px of %.0f", name, table.Text, table.Left, table.Right, table.Wide)
			}
		}
	}
}

// Without scripts the page is read as it was before it could be played.
func TestThePageIsReadWithoutScripts(t *testing.T) {
	b := startBrowser(t)
	if _, err := chromedp.Call(b.within(t), emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	path := writePageFile(t, wholeReport(t).HTML)
	if _, err := chromedp.Run(b.within(t), chromedp.Navigate(path)); err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(b.within(t), chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the cure holds", "hang #1 at 00:02.600", "longest stall", "Where scripts are allowed"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	for _, not := range []string{"moment by moment\n", "play it"} {
		if strings.Contains(text, not) {
			t.Errorf("it says %q, which does nothing there", not)
		}
	}
}

// What others wrote is shown by the player as text, whatever is in it.
func TestThePlayerShowsHostileTextAsText(t *testing.T) {
	r := wholeReport(t)
	film := *r.Film
	film.Texts = slices.Clone(film.Texts)
	for i, text := range film.Texts {
		if i > 0 && text != "idle" && text != "hung" {
			film.Texts[i] = text + `<img src=x onerror="document.title='owned'"></script><script>document.title='owned'</script>`
		}
	}
	r.Film = &film
	var seen struct {
		Title   string
		Images  int
		Scripts int
		Text    string
	}
	OpenPage(t, hostile.Filled(r, false), 1280, 900).Ask(t, `({Title: document.title, Images: document.images.length, Scripts: document.scripts.length, Text: document.getElementById('replay').innerText})`, &seen)
	if strings.HasPrefix(seen.Title, "owned") || seen.Images > 0 || seen.Scripts != 2 || !strings.Contains(seen.Text, "<img src=x") {
		t.Errorf("what others wrote was run, or is not shown: title %q, %d images, %d scripts", seen.Title, seen.Images, seen.Scripts)
	}
}
