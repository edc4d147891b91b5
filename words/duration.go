package words

import (
	"fmt"
	"strings"
	"time"
)

// Duration writes a length of time with the two or three digits that mean something: 250 µs, 4.1 ms, 7.90 s, 240 s.
func Duration(d time.Duration) string { return Milliseconds(float64(d) / float64(time.Millisecond)) }

// Milliseconds is Duration of a figure that is kept in milliseconds, as medians of figures are.
func Milliseconds(ms float64) string {
	switch {
	case ms == 0:
		return "0 s"
	case ms < 1:
		return fmt.Sprintf("%.0f µs", ms*1000)
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	case ms < 100_000:
		return fmt.Sprintf("%.2f s", ms/1000)
	}
	return fmt.Sprintf("%.0f s", ms/1000)
}

// Seconds writes how long somebody had to wait: 1.2 s.
func Seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// Since names how long after another moment something came, to hundredths: +1.25 s.
func Since(d time.Duration) string { return fmt.Sprintf("+%.2f s", d.Seconds()) }

// Elapsed is the whole seconds that have passed: 12 s. It rounds down, as a clock does.
func Elapsed(d time.Duration) string { return fmt.Sprintf("%d s", d/time.Second) }

// Short is a length of time in at most five characters, for a column: 5.1s, 48s, 12m, 3h. A negative one is not known: -.
func Short(d time.Duration) string {
	switch {
	case d < 0:
		return "-"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < 10*time.Minute:
		return fmt.Sprintf("%.1fm", d.Minutes())
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0fm", d.Minutes())
	case d < 10*time.Hour:
		return fmt.Sprintf("%.1fh", d.Hours())
	}
	return fmt.Sprintf("%.0fh", d.Hours())
}

// Planned writes a time as scenarios do, so that it can be copied into one: 8s, 1m30s, 2m.
func Planned(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return text
}

// Round names a round length of time, such as the steps of a scale: 0, 0.1 ms, 50 ms, 10 s.
func Round(d time.Duration) string {
	switch {
	case d == 0:
		return "0"
	case d < time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}
