package arbiter

import "time"

// Times of a crash loop.
const (
	youngLife  = 2 * time.Second        // a worker that dies younger is suspected of a crash loop
	firstPause = 100 * time.Millisecond // before the third such start; doubled for each further one
	longPause  = 10 * time.Second
)

// A crashLoop slows down the starting of workers that die young, one after the other, lest they use up the machine.
type crashLoop struct {
	account *Account
	young   int   // workers that died young, one after the other
	pause   int64 // no worker is started before
}

// died is told for how long a worker lived, and whether it ended badly.
func (l *crashLoop) died(lived time.Duration, badly bool, now int64) {
	if lived >= youngLife || !badly {
		l.young = 0
		return
	}
	l.failed(now)
}

// failed counts a start that came to nothing; two in a row may, before there is a pause.
func (l *crashLoop) failed(now int64) {
	l.young++
	if l.young < 2 {
		return
	}
	pause := min(longPause, firstPause<<min(l.young-2, 10))
	l.pause = now + int64(pause)
	l.account.Say("warning", "workers-die-young", Fields{"in_a_row": l.young, "pause_s": pause.Seconds()})
}

// forget is for new settings, with which workers may live longer.
func (l *crashLoop) forget() { l.young, l.pause = 0, 0 }
