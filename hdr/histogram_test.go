package hdr

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func TestHistogramIsTheSameAsTheLibrarys(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	ours := NewHistogram(NewPacker())
	for name, draw := range map[string]func() time.Duration{
		"one microsecond":          func() time.Duration { return time.Microsecond },
		"below one microsecond":    func() time.Duration { return 3 },
		"a hundred microseconds":   func() time.Duration { return time.Duration(80e3 + random.IntN(90e3)) },
		"from 1 µs to 10 minutes":  func() time.Duration { return time.Duration(1e3 * (1 + random.ExpFloat64()*2e7)) },
		"an hour and beyond":       func() time.Duration { return time.Hour + time.Duration(random.IntN(1e9)) },
		"at the edges of doubling": func() time.Duration { return time.Microsecond << random.IntN(31) },
	} {
		t.Run(name, func(t *testing.T) {
			theirs := Library()
			for range 5000 {
				d := draw()
				ours.Add(d)
				if err := theirs.RecordValue(Micro(d)); err != nil {
					t.Fatal(err)
				}
			}
			got, err := hdrhistogram.Decode([]byte(ours.Take()))
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equals(theirs) {
				t.Errorf("decoded p50 %d max %d n %d, want p50 %d max %d n %d", got.ValueAtQuantile(50), got.Max(),
					got.TotalCount(),
					theirs.ValueAtQuantile(50), theirs.Max(), theirs.TotalCount())
			}
			if text := ours.Take(); text != "" {
				t.Error("something was left after take")
			}
		})
	}
}

func BenchmarkHistogramWindow(b *testing.B) {
	h := NewHistogram(NewPacker())
	b.ReportAllocs()
	for b.Loop() {
		for i := range 10_000 {
			h.Add(time.Duration(80e3 + i*17%90e3))
		}
		h.Take()
	}
}

func FuzzRead(f *testing.F) {
	h := NewHistogram(NewPacker())
	for _, d := range []time.Duration{time.Microsecond, time.Millisecond, time.Hour} {
		h.Add(d)
	}
	f.Add(h.Take())
	f.Add("")
	f.Add("HISTFAAA")
	r := NewReader()
	f.Fuzz(func(t *testing.T, text string) {
		bars, err := r.Read(text)
		if err != nil {
			return
		}
		for _, one := range bars {
			if one.N <= 0 || one.Took < 0 {
				t.Errorf("%+v of %q", one, text)
			}
		}
	})
}
