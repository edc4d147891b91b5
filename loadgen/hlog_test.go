package loadgen

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestAHistogramLogIsReadByHdrHistogram(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok")
	}))
	defer srv.Close()
	rec := history.NewRecorder(time.Now())
	rec.Record(history.Header{Tool: "test", Scenario: "load", Started: time.Now()})
	a, err := New(plan(200, scenarios.Target{Path: "/a", Tag: "one, two"}, scenarios.Target{Path: "/b"}), srv.URL,
		rec, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context(), 1500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	rec.Record(history.VariantEnded{})
	var text bytes.Buffer
	log := NewHLog(&text)
	if err := log.Append(rec.Drain(nil)); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text.String(), "#hangtime test") {
		t.Errorf("it begins with %q", text.String()[:min(text.Len(), 60)])
	}
	read := hdrhistogram.NewHistogramLogReader(&text)
	counts, intervals, longest := map[string]int64{}, 0, int64(0)
	for {
		h, err := read.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		intervals++
		counts[h.Tag()] += h.TotalCount()
		longest = max(longest, h.Max())
	}
	if counts["one__two"] != 150 || counts[""] != 150 || intervals < 4 {
		t.Errorf("%v in %d intervals; want 150 of each tag, in two seconds or more", counts, intervals)
	}
	// Three digits are the same in nanoseconds and in microseconds.
	if most := a.Summary().Response.Max; time.Duration(longest) < most*998/1000 || time.Duration(longest) > most*1002/1000 {
		t.Errorf("the longest is %v, and %v by the summary", time.Duration(longest), most)
	}
}
