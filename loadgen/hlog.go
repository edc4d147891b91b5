package loadgen

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/hangtime-dev/hangtime/hdr"
	"github.com/hangtime-dev/hangtime/history"
)

// hlogEvery is the length of an interval of a histogram log.
const hlogEvery = time.Second

// An HLog writes response times as a log of interval histograms in HdrHistogram's format (version 1.3), one line for
// each second and tag, which its own tools read (HistogramLogProcessor, HistogramLogAnalyzer). Values are nanoseconds
// from due, as these tools take them to be, with the precision of the history's microseconds; failed hits have their
// age. An interval has the hits that ended in it. It is fed the records of a run, by one goroutine.
type HLog struct {
	out   *hdrhistogram.HistogramLogWriter
	start time.Time // wall clock where the run's clock is 0
	from  time.Duration
	tags  map[string]*hdrhistogram.Histogram
	err   error
}

// NewHLog writes to out.
func NewHLog(out io.Writer) *HLog {
	return &HLog{out: hdrhistogram.NewHistogramLogWriter(out), tags: map[string]*hdrhistogram.Histogram{}}
}

// Append takes the next records.
func (l *HLog) Append(records []history.Record) error {
	for _, r := range records {
		switch ev := r.Event.(type) {
		case history.Header:
			l.begin(ev)
		case history.LoadStarted:
			l.from = r.At
		case history.HitWindow:
			l.add(ev)
		case history.LoadWindow:
			if ev.To-l.from >= hlogEvery {
				l.write(ev.To)
			}
		case history.VariantEnded:
			l.write(r.At)
		}
	}
	return l.err
}

func (l *HLog) keep(err error) {
	if l.err == nil && err != nil {
		l.err = fmt.Errorf("write the histogram log: %w", err)
	}
}

func (l *HLog) begin(h history.Header) {
	l.start = h.Started
	l.keep(l.out.OutputComment("hangtime " + h.Tool + ", " + h.Scenario +
		": response times in nanoseconds from when each hit was due"))
	l.keep(l.out.OutputLogFormatVersion())
	l.keep(l.out.OutputStartTime(h.Started.UnixMilli()))
	l.out.SetBaseTime(h.Started.UnixMilli())
	l.keep(l.out.OutputLegend())
}

func (l *HLog) add(w history.HitWindow) {
	for _, text := range []string{w.Response, w.Failed} {
		if text == "" {
			continue
		}
		h, err := hdrhistogram.Decode([]byte(text))
		if err != nil {
			l.keep(err)
			continue
		}
		into := l.tags[w.Tag]
		if into == nil {
			into = hdr.Library()
			l.tags[w.Tag] = into
		}
		into.Merge(h)
	}
}

// write ends the interval.
func (l *HLog) write(to time.Duration) {
	names := make([]string, 0, len(l.tags))
	for name, h := range l.tags {
		if h.TotalCount() > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		h := nanoseconds(l.tags[name])
		h.SetTag(tagText(name))
		h.SetStartTimeMs(l.start.Add(l.from).UnixMilli())
		h.SetEndTimeMs(l.start.Add(to).UnixMilli())
		l.keep(l.out.OutputIntervalHistogram(h))
		l.tags[name].Reset()
	}
	l.from = to
}

// nanoseconds is the same histogram in that unit.
func nanoseconds(us *hdrhistogram.Histogram) *hdrhistogram.Histogram {
	ns := hdrhistogram.New(1, hdr.Highest*1000, hdr.Digits)
	for _, bar := range us.Distribution() {
		if bar.Count > 0 {
			_ = ns.RecordValues(min(bar.To, us.Max())*1000, bar.Count) // within the range, which is the same
		}
	}
	return ns
}

// tagText is a tag as the format allows it.
func tagText(tag string) string {
	return strings.Map(func(c rune) rune {
		if c == ',' || c <= ' ' {
			return '_'
		}
		return c
	}, tag)
}
