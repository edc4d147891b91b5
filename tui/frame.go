package tui

import (
	"fmt"
	"strings"
	"time"
)

// Smallest terminal that is drawn on.
const (
	leastWidth  = 40
	leastHeight = 10
)

// saidFor is how long an answer stands in the key line.
const saidFor = 2 * time.Second

// frame draws the whole terminal, exactly w × h.
func (m *model) frame() string {
	w, h, l := m.w, m.h, m.look
	if w <= 0 || h <= 0 {
		return ""
	}
	if w < leastWidth || h < leastHeight {
		return l.screen(m.tiny(), w, h)
	}
	middle := h - m.bars()
	parts := make([]string, 0, 4)
	parts = append(parts, m.on.head(w))
	var page string
	if m.help.open {
		page = l.helpPage(l.helpLines(m.keys, m.on.place(), w-2), m.help.from, w, middle)
	} else {
		page = m.on.draw(w, middle)
	}
	if m.finder.open {
		page = m.finderOver(page)
	}
	parts = append(parts, page)
	if m.player != nil {
		parts = append(parts, l.tapeLine(m.player, w))
	}
	// Each part is made as wide as the screen, and together they are as high: nothing need be measured again.
	return strings.Join(append(parts, m.bottom(w)), "\n")
}

// tiny says the one thing that matters where there is no room for more.
func (m *model) tiny() string {
	text := fmt.Sprintf("want %dx%d", leastWidth, leastHeight)
	if v := m.shown(); v != nil {
		return ansiPlain(banner{m.look}.condition(m.report, v)) + "\n" + text + "\nq ends"
	}
	return "hangtime\n" + text + "\nq ends"
}

// bottom is the key line; in its place stands what is asked or typed, and for a moment the answer to the last key.
func (m *model) bottom(w int) string {
	l := m.look
	m.spots = nil
	if time.Since(m.saidAt) >= saidFor {
		m.said = ""
	}
	switch {
	case m.asked != nil:
		return l.questionLine(m.asked, w)
	case m.prompt != nil:
		return l.promptLine(m.prompt, w)
	case m.finder.open:
		line, _ := l.keyLine(m.keys, w, finderHints())
		return l.fit(line, w)
	case m.said != "":
		return l.fit(" "+l.in(accent, l.text(m.said)), w)
	}
	note := ""
	switch {
	case m.leaving:
		note = l.in(warn, "ending: faults are healed, the server is stopped")
	case m.frozen:
		note = l.in(alarm, " FROZEN ")
	}
	if note != "" {
		note += "  "
	}
	var hinted []hint
	if !m.help.open {
		hinted = m.on.hints()
	}
	line, spots := l.keyLine(m.keys, w-textWidth(note), append(hinted, hints(doHelp, doLeave)...))
	if note == "" {
		m.spots = spots
	}
	return l.fit(note+line, w)
}
