package tui

import "strings"

const (
	filterPrompt  = '/'
	palettePrompt = ':'
)

// A filterer is a screen of which only what matches need be shown.
type filterer interface {
	filtered() string
	refilter(text string)
}

// A prompt is a line that is being typed.
type prompt struct {
	kind rune
	text string
}

// promptLine shows what is typed and what it may become.
func (l *look) promptLine(p *prompt, suggested []string, w int) string {
	line := " " + l.in(keycap, string(p.kind)) + l.text(p.text) + l.in(alarm, " ")
	if p.kind == filterPrompt {
		line += "  " + l.in(dim, "enter keeps it, esc shows all")
	}
	if len(suggested) > 0 {
		line += "  " + l.in(dim, strings.Join(suggested, "  "))
	}
	return l.fit(line, w)
}
