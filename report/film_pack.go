package report

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/words"
)

// packedFilm is the JSON that the page reads. A track is pairs of numbers in one list: how many frames after the change
// before, and the text.
type packedFilm struct {
	At       []int64             `json:"at"` // milliseconds after the frame before
	Texts    []string            `json:"texts"`
	Sheets   [][]int             `json:"sheets"`
	States   map[string]string   `json:"states"` // what a state is called
	Marks    []packedMark        `json:"marks"`
	Variants []packedFilmVariant `json:"variants"`
}

type packedFilmVariant struct {
	First   int            `json:"first"`
	Name    string         `json:"name"`
	From    int64          `json:"from"` // where the axis of the pictures begins, in milliseconds
	To      int64          `json:"to"`
	Head    [][]int        `json:"head"` // see headTracks
	Facts   []packedFact   `json:"facts"`
	Workers []packedWorker `json:"workers"`
	Story   [][5]int       `json:"story"` // from, to (-1: to the end), when, kind, text
}

type packedFact struct {
	Name  string `json:"name"`
	Value []int  `json:"value"`
	Alert []int  `json:"alert"`
}

type packedWorker struct {
	Place int     `json:"place"`
	State []int   `json:"state"`
	Cells [][]int `json:"cells"` // see workerCells
	More  []int   `json:"more"`
}

type packedMark struct {
	At    int64  `json:"at"` // milliseconds
	Frame int    `json:"frame"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
}

// packed is the film for the page: JSON, gzip, base64.
func (r *Report) packed() (string, error) {
	f := r.Film
	out := packedFilm{Texts: f.Texts, Sheets: f.Sheets, States: map[string]string{}}
	before := int64(0)
	for _, at := range f.At {
		out.At = append(out.At, at.Milliseconds()-before)
		before = at.Milliseconds()
	}
	for _, m := range r.Marks() {
		out.Marks = append(out.Marks, packedMark{m.At.Milliseconds(), f.frameAt(m.At), m.Kind, words.Printable(m.Text)})
	}
	for i := range f.Variants {
		if i >= len(r.Variants) {
			break
		}
		v, axis := &f.Variants[i], axisOf(&r.Variants[i])
		p := packedFilmVariant{First: v.First, Name: words.Printable(r.Variants[i].Name), From: axis.from.Milliseconds(),
			To: axis.to.Milliseconds()}
		for _, t := range v.Head {
			p.Head = append(p.Head, t.packed())
		}
		for _, fact := range v.Facts {
			p.Facts = append(p.Facts, packedFact{fact.Name, fact.Value.packed(), fact.Alert.packed()})
		}
		for _, w := range v.Workers {
			one := packedWorker{Place: w.Place, State: w.State.packed(), More: w.More.packed()}
			for _, t := range w.Cells {
				one.Cells = append(one.Cells, t.packed())
			}
			p.Workers = append(p.Workers, one)
			for _, change := range w.State {
				if state := f.Texts[change.Text]; out.States[state] == "" {
					out.States[state] = StateText(diagnose.State(state))
				}
			}
		}
		for _, line := range v.Story {
			p.Story = append(p.Story, [5]int{line.From, line.To, line.At, line.Kind, line.Text})
		}
		out.Variants = append(out.Variants, p)
	}
	return squeezed(out)
}

// frameAt is the first frame that shows a moment; the last one where none does.
func (f *Film) frameAt(at time.Duration) int {
	for i, moment := range f.At {
		if moment >= at {
			return i
		}
	}
	return len(f.At) - 1
}

func (t Track) packed() []int {
	out, before := make([]int, 0, 2*len(t)), 0
	for _, change := range t {
		out = append(out, change.Frame-before, change.Text)
		before = change.Frame
	}
	return out
}

// squeezed is a value as JSON, gzip and base64: a hundredth of what its texts would take in the page.
func squeezed(of any) (string, error) {
	var packed bytes.Buffer
	text := base64.NewEncoder(base64.StdEncoding, &packed)
	gz, err := gzip.NewWriterLevel(text, gzip.DefaultCompression)
	if err != nil {
		return "", err
	}
	if err := json.NewEncoder(gz).Encode(of); err != nil {
		return "", err
	}
	for _, c := range []io.Closer{gz, text} {
		if err := c.Close(); err != nil {
			return "", err
		}
	}
	return packed.String(), nil
}
