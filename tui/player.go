package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// A Tape is a recording that can be looked at from any moment of it.
type Tape interface {
	Source
	// Seek asks for the report of a moment; Report has it soon. It does not wait.
	Seek(to time.Duration)
	// Length is when the recording ends.
	Length() time.Duration
	// Marks are the moments to jump to, in order.
	Marks() []Mark
}

// What a mark is, the report says.
const (
	MarkVariant  = report.MarkVariant
	MarkFault    = report.MarkFault
	MarkIncident = report.MarkIncident
)

// A Mark is a moment of a recording that is worth looking at.
type Mark = report.Mark

// speeds that a replay can have.
func speeds() []float64 { return []float64{0.5, 1, 2, 4, 8, 16, 32} }

// A player moves through a tape.
type player struct {
	tape    Tape
	at      time.Duration
	speed   int // index in speeds
	playing bool
	last    time.Time // when at was last moved
}

func newPlayer(t Tape) *player { return &player{tape: t, speed: 1, playing: true} }

// advance moves on by the time since the last call.
func (p *player) advance(now time.Time) {
	if p.playing && !p.last.IsZero() {
		p.move(time.Duration(float64(now.Sub(p.last)) * speeds()[p.speed]))
	}
	p.last = now
	if p.at >= p.tape.Length() {
		p.playing = false
	}
}

func (p *player) move(by time.Duration) { p.seek(p.at + by) }

func (p *player) seek(to time.Duration) {
	p.at = min(max(to, 0), p.tape.Length())
	p.tape.Seek(p.at)
}

// toggle plays or pauses; at the end it begins again.
func (p *player) toggle() {
	p.playing = !p.playing
	if p.playing && p.at >= p.tape.Length() {
		p.seek(0)
	}
}

// jump goes to the next incident, or the one before: to the moment from which on it is known and can be opened.
func (p *player) jump(forward bool) bool {
	target, found := time.Duration(0), false
	for _, m := range p.tape.Marks() {
		at := m.At
		switch {
		case m.Kind != MarkIncident:
		case forward && !found && at > p.at:
			target, found = at, true
		case !forward && at < p.at-time.Second:
			target, found = at, true
		}
	}
	if found {
		p.seek(target)
	}
	return found
}

// tapeLine is where in the recording the screen is, with what happened where.
func (l *look) tapeLine(p *player, w int) string {
	sign := l.glyphs.pause
	if p.playing {
		sign = l.glyphs.play
	}
	left := fmt.Sprintf(" %s %gx  %s ", sign, speeds()[p.speed], words.Clock(p.at))
	end := " " + words.Clock(p.tape.Length()) + " "
	from, columns := tapeBar(p, w)
	cells := make([]string, columns)
	roles := make([]role, columns)
	column := func(at time.Duration) int {
		return min(int(float64(at)/float64(max(p.tape.Length(), 1))*float64(columns)), columns-1)
	}
	here := column(p.at)
	for i := range cells {
		cells[i], roles[i] = l.glyphs.restBar, dim
		if i <= here {
			cells[i], roles[i] = l.glyphs.doneBar, accent
		}
	}
	for _, m := range p.tape.Marks() {
		c := column(m.At)
		switch m.Kind {
		case MarkVariant:
			cells[c], roles[c] = l.glyphs.border.Left, title
		case MarkFault:
			cells[c], roles[c] = l.glyphs.faultMark, fault
		}
	}
	for _, m := range p.tape.Marks() {
		if m.Kind == MarkIncident {
			cells[column(m.At)], roles[column(m.At)] = l.stateMark(diagnose.Hung), bad
		}
	}
	cells[here], roles[here] = l.glyphs.bullet, alarm
	var b strings.Builder
	b.WriteString(l.in(title, left))
	b.WriteString(strings.Repeat(" ", max(from-len([]rune(left)), 0)))
	b.WriteString(l.runs(cells, roles))
	b.WriteString(l.in(dim, end))
	return l.fit(b.String(), w)
}

// tapeBar is where the bar of the tape line begins, and how long it is.
func tapeBar(p *player, w int) (from, columns int) {
	from = 18
	return from, max(w-from-len(words.Clock(p.tape.Length()))-2, 1)
}
