package words

import (
	"fmt"
	"time"
)

// Moment is when something happened in a run, from its beginning: 00:08.214. One before that, as of a server that
// hung before it was watched, is negative.
func Moment(at time.Duration) string {
	sign, ms := "", at.Milliseconds()
	if ms < 0 {
		sign, ms = "-", -ms
	}
	return fmt.Sprintf("%s%02d:%02d.%03d", sign, ms/60000, ms/1000%60, ms%1000)
}

// Watch is a moment of a watch that may go on for days: 01:02:03.4; one before it began is told as how long before:
// 5.7 s before this watch.
func Watch(at time.Duration) string {
	if at < 0 {
		return Seconds(-at) + " before this watch"
	}
	tenths := at.Milliseconds() / 100
	return fmt.Sprintf("%02d:%02d:%02d.%d", tenths/36000, tenths/600%60, tenths/10%60, tenths%10)
}

// Clock is a length of time as a stop watch shows it: 00:14, 1:02:03.
func Clock(d time.Duration) string {
	s := int(d / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// Tick labels a moment on a time axis: 5s, 1:30.
func Tick(t time.Duration) string {
	if t < time.Minute {
		return fmt.Sprintf("%ds", int(t.Seconds()))
	}
	return fmt.Sprintf("%d:%02d", int(t.Minutes()), int(t.Seconds())%60)
}

// Ago is how long ago something was, for a list: just now, 5 min ago, 3 h ago, 3 days ago.
func Ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}
