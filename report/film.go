package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/words"
)

// A Film is a run as it was seen, moment by moment, for a page that plays it. Each thing that is shown is a track: a
// text and from which frame on it stands. The page only looks up what stands at a frame; every text was made here, of
// the report that the screens had at that moment.
type Film struct {
	At       []time.Duration // of each frame, rising
	Texts    []string        // what tracks refer to; the first is empty
	Sheets   [][]int         // lists of texts, which the tracks More refer to; the first is empty
	Variants []FilmedVariant
}

// A Track is what one thing was, by when it changed.
type Track []Change

// A Change is from which frame on a text, or a sheet, stands.
type Change struct{ Frame, Text int }

// A FilmedVariant is the frames from First to the next variant's.
type FilmedVariant struct {
	First   int
	Head    [len(headTracks)]Track
	Facts   []FilmedFact
	Workers []FilmedWorker // by place
	Story   []FilmedLine   // in order, also those that another took the place of
}

// headTracks are what is said of a variant as a whole.
var headTracks = [...]string{"moment", "phase", "clock", "condition", "mood"}

// A FilmedFact is one number over time.
type FilmedFact struct {
	Name  string
	Value Track
	Alert Track // "!" while something is wrong by it
}

// A FilmedWorker is one place of the server over time.
type FilmedWorker struct {
	Place int
	State Track // empty: there is no such place
	Cells [len(workerCells)]Track
	More  Track // of sheets
}

// A FilmedLine is a line of the story, and the frames in which it stands: from From to before To. One that grew is
// another line.
type FilmedLine struct {
	From, To       int // To -1: to the end
	At, Kind, Text int
}

// Bounds of a film. Beyond them every other frame is left out, so that a film of hours is as large as one of minutes,
// with longer steps.
const (
	mostFilmFrames  = 6500 // ten minutes, a frame at each tick
	mostFilmChanges = 600_000
	mostFilmBytes   = 6 << 20 // of texts and sheets
)

// A camera makes a film of the reports of a run. It is fed from one goroutine.
type camera struct {
	film    Film
	ids     map[string]int // of texts
	sheets  map[string]int // of sheets, by their texts' ids
	told    []Line         // the story as it stands at the newest frame, of the newest variant
	bytes   int            // of texts and sheets
	changes int
	every   int // reports to a frame
	seen    int // reports
	over    bool
}

func newCamera() *camera {
	c := &camera{ids: map[string]int{}, sheets: map[string]int{}, every: 1}
	c.text("")
	c.sheet("")
	return c
}

// see takes the report of the next moment.
func (c *camera) see(r *Report) {
	c.seen++
	if len(r.Variants) == 0 || c.over || (c.seen-1)%c.every != 0 && !r.Over {
		return
	}
	c.over = r.Over
	if len(c.film.At) >= mostFilmFrames || c.changes >= mostFilmChanges || c.bytes >= mostFilmBytes {
		c.thin()
	}
	frame := len(c.film.At)
	c.film.At = append(c.film.At, r.Now)
	if len(c.film.Variants) < len(r.Variants) {
		c.film.Variants, c.told = append(c.film.Variants, FilmedVariant{First: frame}), nil
	}
	v, at := &r.Variants[len(r.Variants)-1], &c.film.Variants[len(c.film.Variants)-1]
	m := MomentOf(r, v)
	for i, text := range [...]string{words.Moment(m.At), m.Phase, m.Clock, m.Condition, m.Mood} {
		c.set(&at.Head[i], frame, c.text(text))
	}
	c.facts(at, frame, m.Facts)
	c.workers(at, frame, m.Workers)
	c.story(at, frame, v.Story)
}

func (c *camera) facts(v *FilmedVariant, frame int, facts []Fact) {
	for i, f := range facts {
		if i == len(v.Facts) {
			v.Facts = append(v.Facts, FilmedFact{Name: f.Name})
		}
		alert := ""
		if f.Alert {
			alert = "!"
		}
		c.set(&v.Facts[i].Value, frame, c.text(f.Text))
		c.set(&v.Facts[i].Alert, frame, c.text(alert))
	}
}

func (c *camera) workers(v *FilmedVariant, frame int, workers []WorkerMoment) {
	there := map[int]bool{}
	for i := range workers {
		w := &workers[i]
		there[w.Place] = true
		at, known := slices.BinarySearchFunc(v.Workers, w.Place, func(f FilmedWorker, place int) int { return f.Place - place })
		if !known {
			v.Workers = slices.Insert(v.Workers, at, FilmedWorker{Place: w.Place})
		}
		f := &v.Workers[at]
		c.set(&f.State, frame, c.text(string(w.State)))
		for j, text := range w.Cells {
			c.set(&f.Cells[j], frame, c.text(text))
		}
		c.set(&f.More, frame, c.sheet(w.More))
	}
	for i := range v.Workers {
		if !there[v.Workers[i].Place] {
			c.set(&v.Workers[i].State, frame, 0)
		}
	}
}

// story finds what is new: lines are added at the end nearly always, and change where an incident grows.
func (c *camera) story(v *FilmedVariant, frame int, lines []Line) {
	if slices.Equal(c.told, lines) {
		return
	}
	head := 0
	for head < min(len(c.told), len(lines)) && c.told[head] == lines[head] {
		head++
	}
	tail := 0
	for tail < min(len(c.told), len(lines))-head && c.told[len(c.told)-1-tail] == lines[len(lines)-1-tail] {
		tail++
	}
	var standing []int // of v.Story: c.told
	for i := range v.Story {
		if v.Story[i].To < 0 {
			standing = append(standing, i)
		}
	}
	for _, i := range standing[head : len(standing)-tail] {
		v.Story[i].To = frame
	}
	at := len(v.Story)
	if tail > 0 {
		at = standing[len(standing)-tail]
	}
	var fresh []FilmedLine
	for _, line := range lines[head : len(lines)-tail] {
		fresh = append(fresh, FilmedLine{From: frame, To: -1, At: c.text(words.Moment(line.At)),
			Kind: c.text(string(line.Kind)), Text: c.text(words.Printable(line.Text))})
	}
	v.Story, c.told = slices.Insert(v.Story, at, fresh...), lines
}

func (c *camera) set(t *Track, frame, id int) {
	n := len(*t)
	switch {
	case n > 0 && (*t)[n-1].Frame == frame: // a change of a frame that was left out stands at the next one
		(*t)[n-1].Text = id
	case n > 0 && (*t)[n-1].Text == id, n == 0 && id == 0:
	default:
		*t = append(*t, Change{frame, id})
		c.changes++
	}
}

func (c *camera) text(of string) int {
	id, known := c.ids[of]
	if !known {
		id = len(c.film.Texts)
		of = strings.Clone(of)
		c.film.Texts = append(c.film.Texts, of)
		c.ids[of] = id
		c.bytes += len(of)
	}
	return id
}

// sheet is the list of the lines of a text. Of two that differ in a line the others are kept once.
func (c *camera) sheet(of string) int {
	var lines []int
	if of != "" {
		for line := range strings.SplitSeq(of, "\n") {
			lines = append(lines, c.text(line))
		}
	}
	key := fmt.Sprint(lines)
	id, known := c.sheets[key]
	if !known {
		id = len(c.film.Sheets)
		c.film.Sheets = append(c.film.Sheets, lines)
		c.sheets[key] = id
		c.bytes += len(key)
	}
	return id
}

// thin leaves out every other frame. What changed at one that goes stands from the next on.
func (c *camera) thin() {
	c.every *= 2
	at := c.film.At[:0]
	for i, moment := range c.film.At {
		if i%2 == 0 {
			at = append(at, moment)
		}
	}
	c.film.At, c.changes = at, 0
	for i := range c.film.Variants {
		v := &c.film.Variants[i]
		v.First = (v.First + 1) / 2
		v.tracks(func(t *Track, _ bool) { *t = t.half(); c.changes += len(*t) })
		story := v.Story[:0]
		for _, line := range v.Story {
			line.From = (line.From + 1) / 2
			if line.To >= 0 {
				line.To = (line.To + 1) / 2
			}
			if line.To < 0 || line.To > line.From { // others stood in no frame that is left
				story = append(story, line)
			}
		}
		v.Story = story
	}
	c.film = *c.developed()
	c.bytes = 0
	clear(c.ids)
	for id, text := range c.film.Texts {
		c.ids[text] = id
		c.bytes += len(text)
	}
	clear(c.sheets)
	for id, lines := range c.film.Sheets {
		key := fmt.Sprint(lines)
		c.sheets[key] = id
		c.bytes += len(key)
	}
}

func (t Track) half() Track {
	out := t[:0]
	for _, change := range t {
		change.Frame = (change.Frame + 1) / 2
		if n := len(out); n > 0 && out[n-1].Frame == change.Frame {
			out[n-1] = change
			continue
		}
		out = append(out, change)
	}
	return out
}

// tracks calls do for each track of a variant: of sheets, or of texts.
func (v *FilmedVariant) tracks(do func(t *Track, sheets bool)) {
	for i := range v.Head {
		do(&v.Head[i], false)
	}
	for i := range v.Facts {
		do(&v.Facts[i].Value, false)
		do(&v.Facts[i].Alert, false)
	}
	for i := range v.Workers {
		w := &v.Workers[i]
		do(&w.State, false)
		for j := range w.Cells {
			do(&w.Cells[j], false)
		}
		do(&w.More, true)
	}
}

// developed is the film so far, with the texts that are referred to. It shares nothing with the camera.
func (c *camera) developed() *Film {
	if len(c.film.At) == 0 {
		return nil
	}
	out := &Film{At: slices.Clone(c.film.At), Texts: []string{""}, Sheets: [][]int{nil}}
	ids := map[int]int{0: 0}
	use := func(id *int) {
		to, known := ids[*id]
		if !known {
			to = len(out.Texts)
			ids[*id] = to
			out.Texts = append(out.Texts, c.film.Texts[*id])
		}
		*id = to
	}
	sheets := map[int]int{0: 0}
	useSheet := func(id *int) {
		to, known := sheets[*id]
		if !known {
			to = len(out.Sheets)
			sheets[*id] = to
			lines := slices.Clone(c.film.Sheets[*id])
			for i := range lines {
				use(&lines[i])
			}
			out.Sheets = append(out.Sheets, lines)
		}
		*id = to
	}
	for _, v := range c.film.Variants {
		v.Facts, v.Workers, v.Story = slices.Clone(v.Facts), slices.Clone(v.Workers), slices.Clone(v.Story)
		v.tracks(func(t *Track, ofSheets bool) {
			*t = slices.Clone(*t)
			for i := range *t {
				if ofSheets {
					useSheet(&(*t)[i].Text)
				} else {
					use(&(*t)[i].Text)
				}
			}
		})
		for i := range v.Story {
			line := &v.Story[i]
			use(&line.At)
			use(&line.Kind)
			use(&line.Text)
		}
		out.Variants = append(out.Variants, v)
	}
	return out
}

// A stay is how long a worker had a state: to before To.
type stay struct {
	state    diagnose.State
	from, to time.Duration
}

// stays are the states of a worker over a variant, from the film; the last one is taken to end at end.
func (f *Film) stays(w *FilmedWorker, end time.Duration) []stay {
	var all []stay
	for _, change := range w.State {
		if change.Frame >= len(f.At) {
			break
		}
		at := f.At[change.Frame]
		if n := len(all); n > 0 {
			all[n-1].to = at
		}
		state := diagnose.State(f.Texts[change.Text])
		if state == Active { // a lane says what was inside
			state = diagnose.Idle
		}
		all = append(all, stay{state, at, max(end, at)})
	}
	return all
}
