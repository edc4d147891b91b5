package tui

import (
	"compress/gzip"
	"encoding/gob"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

// Runs that were recorded with `hangtime run NAME --quick --out DIR`: what the tests draw is what people saw.
const (
	contention      = "log-contention"
	contentionAgain = "log-contention-again"
	kills           = "worker-kill"
	loaded          = "load" // of gunicorn, by hangtime load
)

var refold = flag.Bool("refold", false, "make the kept reports anew from the recordings; then -update the frames")

// reports are those that were read, by file: they never change.
var reports sync.Map

// reportAt is the report of a recorded run at a moment; -1: at its end. It is kept as it was made when the golden
// frames were: what a diagnosis says in which words is for the tests of diagnose and report. -refold makes it anew
// from the recording.
func reportAt(t testing.TB, name string, at time.Duration) *report.Report {
	t.Helper()
	moment := "end"
	if at >= 0 {
		moment = fmt.Sprint(at.Milliseconds())
	}
	path := filepath.Join("testdata", "reports", name+"-"+moment+".gob.gz")
	if known, ok := reports.Load(path); ok {
		return known.(*report.Report)
	}
	if *refold {
		if err := writeReport(path, foldTo(t, name, at)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := readReport(path)
	if err != nil {
		t.Fatal(err)
	}
	reports.Store(path, r)
	return r
}

func foldTo(t testing.TB, name string, at time.Duration) *report.Report {
	t.Helper()
	in, err := history.OpenRecording(filepath.Join("testdata", name+history.Extension))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	b := report.NewBuilder()
	for {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) || err == nil && at >= 0 && rec.At > at {
			return b.Report()
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Add(rec)
	}
}

// registerKinds makes known what the settings of a scenario may hold.
func registerKinds() {
	gob.Register(map[string]any{})
	gob.Register([]any{})
}

func writeReport(path string, r *report.Report) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	registerKinds()
	gz := gzip.NewWriter(f)
	return errors.Join(gob.NewEncoder(gz).Encode(r), gz.Close(), f.Close())
}

func readReport(path string) (*report.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	registerKinds()
	r := new(report.Report)
	return r, gob.NewDecoder(gz).Decode(r)
}

// A reel is a recorded run as a tape, with the reports of a few of its moments.
type reel struct {
	frames []*report.Report
	at     time.Duration
	marks  []Mark
}

func reelOf(t testing.TB, name string, moments ...time.Duration) *reel {
	t.Helper()
	r := &reel{frames: []*report.Report{{}}}
	for _, at := range moments {
		r.frames = append(r.frames, reportAt(t, name, at))
	}
	last := reportAt(t, name, -1)
	r.frames = append(r.frames, last)
	r.marks = last.Marks()
	return r
}

func (r *reel) Length() time.Duration { return r.frames[len(r.frames)-1].Now }
func (r *reel) Marks() []Mark         { return r.marks }
func (r *reel) Seek(to time.Duration) { r.at = to }

func (r *reel) Report() *report.Report {
	shown := r.frames[0]
	for _, one := range r.frames {
		if one.Now <= r.at {
			shown = one
		}
	}
	return shown
}
