package tui

import (
	"errors"
	"io"
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
)

var recordings sync.Map // name → func() ([]history.Record, error)

var reports sync.Map // name and moment → *report.Report

func recording(t testing.TB, name string) []history.Record {
	t.Helper()
	load, _ := recordings.LoadOrStore(name, sync.OnceValues(func() ([]history.Record, error) { return readAll(filepath.Join("testdata", name+history.Extension)) }))
	records, err := load.(func() ([]history.Record, error))()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func readAll(path string) ([]history.Record, error) {
	in, err := history.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var all []history.Record
	for {
		rec, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, rec)
	}
}

// reportAt is the report of a recorded run at a moment; -1: at its end.
func reportAt(t testing.TB, name string, at time.Duration) *report.Report {
	t.Helper()
	type moment struct {
		name string
		at   time.Duration
	}
	if known, ok := reports.Load(moment{name, at}); ok {
		return known.(*report.Report)
	}
	b := report.NewBuilder()
	for _, rec := range recording(t, name) {
		if at >= 0 && rec.At > at {
			break
		}
		b.Add(rec)
	}
	r := b.Report()
	reports.Store(moment{name, at}, r)
	return r
}

// A reel is a recorded run as a tape: the reports of every so often.
type reel struct {
	frames []*report.Report
	at     time.Duration
	marks  []Mark
}

func reelOf(t testing.TB, name string, every time.Duration) *reel {
	t.Helper()
	r := &reel{}
	b := report.NewBuilder()
	next := time.Duration(0)
	for _, rec := range recording(t, name) {
		for rec.At > next {
			r.frames = append(r.frames, b.Report())
			next += every
		}
		b.Add(rec)
	}
	last := b.Report()
	r.frames = append(r.frames, last)
	for i := range last.Variants {
		v := &last.Variants[i]
		r.marks = append(r.marks, Mark{v.From, MarkVariant, v.Name})
		for _, f := range v.Faults {
			r.marks = append(r.marks, Mark{f.From, MarkFault, f.Kind})
		}
		for _, in := range v.Incidents {
			r.marks = append(r.marks, Mark{in.Detected, MarkIncident, in.Cause.Short})
		}
	}
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
