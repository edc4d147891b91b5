package golang

import (
	"testing"
)

// BenchmarkLook has as many goroutines, each some ten calls deep, as the name says; half of them wait for a mutex.
func BenchmarkLook(b *testing.B) {
	program := build(b, builds["stripped"])
	for _, goroutines := range []string{"100", "5000", "20000"} {
		b.Run(goroutines, func(b *testing.B) {
			p, _ := start(b, program, goroutines)
			r, err := Open(p)
			if err != nil {
				b.Fatal(err)
			}
			told := 0
			for b.Loop() {
				work, err := r.Look()
				if err != nil {
					b.Fatal(err)
				}
				told = len(work)
			}
			b.ReportMetric(float64(told), "told")
		})
	}
}
