package tui

// A filterer is a screen of which only what matches need be shown.
type filterer interface {
	filtered() string
	refilter(text string)
}

// A prompt is a filter that is being typed.
type prompt struct{ text string }

// promptLine shows what is typed.
func (l *look) promptLine(p *prompt, w int) string {
	return l.fit(" "+l.in(keycap, "/")+l.text(p.text)+l.in(alarm, " ")+"  "+l.in(dim, "enter keeps it, esc shows all"), w)
}
