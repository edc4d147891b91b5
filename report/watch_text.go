package report

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// A WatchConsole tells in lines what happens to a server that is watched: births and deaths, hangs and their ends,
// and every so often how things are. Sink takes the records on one goroutine; Begin and End may be called from another.
type WatchConsole struct {
	Out    io.Writer
	Every  time.Duration  // how often a line of state is told while nothing happens
	Cost   func() float64 // share of one processor that hangtime takes
	OnHang func(Incident) // is told of each hang once, when it is certain and its evidence whole

	mu       sync.Mutex
	look     *LookBuilder
	of       Watched
	begun    bool
	told     map[int]toldOf
	hangs    int
	troubles int // told
	next     time.Duration
}

// toldOf is what was said of an incident.
type toldOf struct {
	began, ended, hooked bool
	sentence             string
	victims              int           // of it
	at                   time.Duration // when it was last told
}

// NewWatchConsole returns one that has seen nothing.
func NewWatchConsole(out io.Writer) *WatchConsole {
	return &WatchConsole{Out: out, look: NewLookBuilder(), told: map[int]toldOf{}, Cost: func() float64 {
		return 0
	}, OnHang: func(Incident) {}}
}

// Begin says what is watched, in describe's words, and what of it may not be seen. What was there when it began is
// not told as new.
func (c *WatchConsole) Begin(describe string, of Watched) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.line("watching %s, %s, from %s; only reading; Ctrl-C ends it", describe, words.Count(len(c.look.Workers()), "worker"),
		of.Began.Format("2006-01-02 15:04:05 -0700"))
	for _, text := range of.Unseen {
		c.line("%s", text)
	}
	c.of, c.begun = of, true
}

// Sink takes the next records.
func (c *WatchConsole) Sink(records []history.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	ticked := false
	for _, r := range records {
		switch ev := r.Event.(type) {
		case history.WorkerSeen:
			if c.begun {
				c.say(r.At, "worker %d is there: pid %d", ev.Worker, ev.PID)
			}
		case history.WorkerGone:
			c.say(r.At, "worker %d is gone: pid %d, %s", ev.Worker, ev.PID, goneWords(ev))
		case history.WorkerReleased:
			c.say(r.At, "pid %d is no worker: it has started some", ev.PID)
		case history.Tick:
			ticked = true
		}
		c.look.Add(r)
	}
	if ticked && c.begun {
		c.tell()
	}
	return nil
}

// Hangs is how many there were.
func (c *WatchConsole) Hangs() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hangs
}

// End says what it came to, and first what was found too short before to have been told.
func (c *WatchConsole) End(lasted time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.look.Incidents()
	hangs := c.look.Hangs()
	for _, in := range all {
		if c.told[in.ID].sentence == "" && in.Ended < 0 {
			c.incident(in)
		}
	}
	c.line("watched for %s: %s, %s; own cost %.2f %% of a core", lasted.Round(100*time.Millisecond),
		words.Count(hangs, "hang"), words.Count(len(all)-hangs, "death"), 100*c.Cost())
	for _, in := range all {
		state := "not over"
		if in.Ended >= 0 {
			state = "over"
		}
		c.line("  %s #%d, since %s, %s, %s: %s", in.Kind, in.ID, c.clock(in.Began), state,
			words.Seconds(in.Longest(c.look.Now())), in.Cause.Sentence)
	}
}

// settle is how long after its detection an incident is told: by then its evidence is whole, stacks included.
const settle = 200 * time.Millisecond

// tellAgain is how long after an incident was told it is told again at the earliest because more workers have come to it.
const tellAgain = time.Second

// tell says what is new.
func (c *WatchConsole) tell() {
	now := c.look.Now()
	for _, in := range c.look.Incidents() {
		was := c.told[in.ID]
		settled := now-in.Detected >= settle
		if !was.began {
			was.began = true
			if in.Kind == diagnose.KindHang {
				c.hangs++
			}
		}
		grown := len(in.Victims) > was.victims && now-was.at >= tellAgain
		if (was.sentence != in.Cause.Sentence || grown) && in.Ended < 0 && settled {
			was.sentence, was.victims, was.at = in.Cause.Sentence, len(in.Victims), now
			c.incident(in)
		}
		if !was.hooked && (settled || in.Ended >= 0) && in.Kind == diagnose.KindHang {
			was.hooked = true
			c.OnHang(NewIncident(in, now, c.of.Began))
		}
		if in.Ended >= 0 && !was.ended {
			was.ended = true
			if in.Kind == diagnose.KindHang {
				c.say(now, "hang #%d is over after %s: %s", in.ID, words.Seconds(in.Longest(in.Ended)), in.Cause.Short)
			} else {
				c.incident(in)
			}
		}
		c.told[in.ID] = was
	}
	troubles := c.look.Troubles()
	for _, text := range troubles[c.troubles:] {
		c.say(now, "trouble: %s", text)
	}
	c.troubles = len(troubles)
	if now >= c.next {
		c.next = now + c.Every
		c.say(now, "%s", c.state())
	}
}

const (
	mostWatchVictims = 8 // of an incident, in its line
	mostWatchFrames  = 8 // of its stack, below it
)

func (c *WatchConsole) incident(in diagnose.Incident) {
	what := "HANG"
	if in.Kind == diagnose.KindCrash {
		what = "DEATH"
	}
	now := c.look.Now()
	c.say(now, "%s #%d%s since %s, %s ago: %s (%s, %s)", what, in.ID, victimList(in), c.clock(in.Began), words.Seconds(now-in.Began),
		in.Cause.Sentence, in.Cause.Kind, in.Cause.Confidence)
	for _, frame := range in.Cause.Stack[:min(len(in.Cause.Stack), mostWatchFrames)] {
		c.line("              %s", frame)
	}
	if in.Cause.Remedy != "" {
		c.line("              remedy: %s", in.Cause.Remedy)
	}
}

// state is one line on how things are.
func (c *WatchConsole) state() string {
	counts := map[diagnose.State]int{}
	inside := 0
	workers := c.look.Workers()
	for _, w := range workers {
		counts[w.State]++
		inside += w.Inside
	}
	text := words.Count(len(workers), "worker") + ":"
	for _, state := range []diagnose.State{diagnose.Hung, diagnose.Stopped, diagnose.Suspect, diagnose.Busy,
		diagnose.Idle, diagnose.Booting, diagnose.Unknown, diagnose.Dead} {
		if n := counts[state]; n > 0 {
			text += fmt.Sprintf(" %d %s", n, state)
		}
	}
	text += "; " + words.Count(inside, "request") + " inside"
	if b := c.look.Backlog(); b != nil {
		text += fmt.Sprintf(", backlog %d of %d", b.Waiting, b.Limit)
	}
	if c.look.Now() >= time.Second { // the beginning takes more, and says nothing
		text += fmt.Sprintf("; own cost %.1f %% of a core", 100*c.Cost())
	}
	return text
}

func (c *WatchConsole) say(at time.Duration, format string, args ...any) {
	c.line("%s  %s", c.clock(at), fmt.Sprintf(format, args...))
}

// clock is a moment on the wall clock, as logs have it; with its date where that is another than that of the beginning.
func (c *WatchConsole) clock(at time.Duration) string {
	if !c.begun { // nobody knows yet when it was
		return words.Watch(at)
	}
	moment := c.of.Began.Add(at)
	if moment.YearDay() == c.of.Began.YearDay() && moment.Year() == c.of.Began.Year() {
		return moment.Format("15:04:05.0")
	}
	return moment.Format("2006-01-02 15:04:05.0")
}

// line is the one place where it writes: whatever others wrote stays in its line.
func (c *WatchConsole) line(format string, args ...any) {
	fmt.Fprintln(c.Out, words.Printable(fmt.Sprintf(format, args...)))
}

func goneWords(ev history.WorkerGone) string {
	switch {
	case ev.Unknown:
		return "how is not known"
	case ev.Signal != "" && ev.By != "":
		return ev.Signal + " from " + ev.By
	case ev.Signal != "":
		return ev.Signal
	}
	return fmt.Sprintf("exit code %d", ev.Code)
}
