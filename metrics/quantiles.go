package metrics

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Quantiles of response times, from due.
type Quantiles struct {
	Count                         uint64
	P50, P90, P95, P99, P999, Max time.Duration
}

func quantiles(h *hdrhistogram.Histogram) Quantiles {
	at := h.ValueAtPercentiles([]float64{50, 90, 95, 99, 99.9})
	us := func(v int64) time.Duration { return time.Duration(v) * time.Microsecond }
	return Quantiles{uint64(h.TotalCount()), us(at[50]), us(at[90]), us(at[95]), us(at[99]), us(at[99.9]), us(h.Max())}
}
