package report

import (
	"io"
	"testing"
)

// BenchmarkReport is one look at a run that goes on: it happens ten times a second.
func BenchmarkReport(b *testing.B) {
	h := wholeRun(b)
	builder := NewBuilder()
	builder.explain = func() explainer { return &said{} }
	half := len(h.records) / 2
	for _, rec := range h.records[:half] {
		builder.Add(rec)
	}
	b.ReportAllocs()
	for b.Loop() {
		builder.Add(h.records[half])
		if builder.Report().Over {
			b.Fatal("it goes on")
		}
	}
}

// BenchmarkForms is what --out writes when a run is over.
func BenchmarkForms(b *testing.B) {
	r := wholeReport(b)
	for name, write := range map[string]func(io.Writer) error{"text": r.Text, "json": r.JSON, "junit": r.JUnit, "markdown": r.Markdown, "html": r.HTML, "openmetrics": r.OpenMetrics} {
		b.Run(name, func(b *testing.B) {
			n := &counter{}
			for b.Loop() {
				n.n = 0
				if err := write(n); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n.n), "bytes")
		})
	}
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return len(p), nil
}
