package tui

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
)

// mostFrames bounds the reports that are kept of a recording, evenly over its length.
const mostFrames = 120

// A RecordedTape is a recording that can be wound: a Tape. A report is a fold from the beginning, so going on is cheap
// and going back is not: for that a report is kept every so often, which is shown at once, until the fold has come to
// the moment again.
type RecordedTape struct {
	path   string
	final  *report.Report
	marks  []Mark
	frames []*report.Report // by time
	every  time.Duration    // between two frames, at least

	latest atomic.Pointer[report.Report]
	wanted chan time.Duration // the newest moment that was asked for
	cancel context.CancelFunc
	wound  sync.WaitGroup
}

// OpenTape reads the whole recording at path. The tape must be closed.
func OpenTape(ctx context.Context, path string) (*RecordedTape, error) {
	t := &RecordedTape{path: path, every: 250 * time.Millisecond, wanted: make(chan time.Duration, 1)}
	final, err := report.ReadRecording(path, report.NewLive(t.keep))
	if err != nil {
		return nil, err
	}
	t.final = final
	t.frames = append(t.frames, final)
	t.marks = final.Marks()
	t.latest.Store(t.frames[0])
	ctx, t.cancel = context.WithCancel(ctx)
	t.wound.Go(func() { t.wind(ctx) })
	return t, nil
}

// Close ends the winding.
func (t *RecordedTape) Close() {
	t.cancel()
	t.wound.Wait()
}

// keep takes a report into the frames if the last one is long enough ago; when there are too many, every other is dropped.
func (t *RecordedTape) keep(r *report.Report) {
	if n := len(t.frames); n > 0 && r.Now-t.frames[n-1].Now < t.every {
		return
	}
	t.frames = append(t.frames, r)
	if len(t.frames) <= mostFrames {
		return
	}
	half := t.frames[:0]
	for i, frame := range t.frames {
		if i%2 == 0 {
			half = append(half, frame)
		}
	}
	clear(t.frames[len(half):])
	t.frames, t.every = half, t.every*2
}

// Whole is the last report: that of all of it.
func (t *RecordedTape) Whole() *report.Report { return t.final }

// Report, Seek, Length and Marks are what the screen asks for, from its one goroutine.

func (t *RecordedTape) Report() *report.Report { return t.latest.Load() }
func (t *RecordedTape) Length() time.Duration  { return t.final.Now }
func (t *RecordedTape) Marks() []Mark          { return t.marks }

func (t *RecordedTape) Seek(to time.Duration) {
	select {
	case <-t.wanted: // an older wish
	default:
	}
	t.wanted <- to
}

// frameAt is the kept report that is the last one before a moment.
func (t *RecordedTape) frameAt(at time.Duration) *report.Report {
	i, found := slices.BinarySearchFunc(t.frames, at,
		func(r *report.Report, at time.Duration) int { return int(r.Now - at) })
	if !found {
		i = max(i-1, 0)
	}
	return t.frames[i]
}

// wind does what Seek asks for. A recording that was read once and cannot be read any more ends the winding: the screen
// keeps the frames.
func (t *RecordedTape) wind(ctx context.Context) {
	var at *winding
	defer func() { at.close() }()
	for {
		var to time.Duration
		select {
		case <-ctx.Done():
			return
		case to = <-t.wanted:
		}
		switch {
		case to >= t.final.Now:
			t.latest.Store(t.final)
			continue
		case at == nil || at.now > to || t.frameAt(to).Now > at.now:
			t.latest.Store(t.frameAt(to))
		}
		if at == nil || at.now > to {
			at.close()
			var err error
			if at, err = startFold(t.path); err != nil {
				t.latest.Store(t.frameAt(to))
				continue
			}
		}
		if at.forward(ctx, to, t.wanted) {
			t.latest.Store(at.builder.Report())
		}
	}
}

// A winding is a fold over a recording up to a moment.
type winding struct {
	in      *history.Reader
	builder *report.Builder
	now     time.Duration   // up to here all records are in
	ahead   *history.Record // read, and not yet due
	over    bool
}

func startFold(path string) (*winding, error) {
	in, err := history.OpenRecording(path)
	if err != nil {
		return nil, err
	}
	return &winding{in: in, builder: report.NewBuilder()}, nil
}

func (f *winding) close() {
	if f != nil {
		_ = f.in.Close() // it was only read
	}
}

// forward takes all records up to a moment. It stops and says false when another moment was asked for meanwhile.
func (f *winding) forward(ctx context.Context, to time.Duration, other <-chan time.Duration) bool {
	for n := 0; !f.over; n++ {
		if n%256 == 255 && (len(other) > 0 || ctx.Err() != nil) {
			return false
		}
		if f.ahead == nil {
			rec, err := f.in.Next()
			if err != nil { // the end, or where it breaks off: what comes after is the final report
				f.over = true
				break
			}
			f.ahead = &rec
		}
		if f.ahead.At > to {
			break
		}
		f.builder.Add(*f.ahead)
		f.now, f.ahead = f.ahead.At, nil // also when it is stopped: what is folded in cannot be taken out
	}
	f.now = to
	return true
}
