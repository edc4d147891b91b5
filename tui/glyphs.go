package tui

import "github.com/hangtime-dev/hangtime/diagnose"

// glyphs are the characters that a look draws with; each state has its own, so that nothing is said by colour alone.
type glyphs struct {
	horizontal, vertical                       string
	topLeft, topRight, bottomLeft, bottomRight string
	doneBar, headBar, restBar                  string
	cursor, into, holds, more, bullet          string
	faultMark, faultSpan                       string
	shades                                     []string // from few to many
	lane                                       map[diagnose.State]string
	mark                                       map[diagnose.State]string
}

func unicodeGlyphs() glyphs {
	return glyphs{
		horizontal: "─", vertical: "│", topLeft: "┌", topRight: "┐", bottomLeft: "└", bottomRight: "┘",
		doneBar: "━", headBar: "╸", restBar: "─", cursor: "▸", into: "▸", holds: "←", more: "…", bullet: "●",
		faultMark: "▲", faultSpan: "━", shades: []string{"░", "▒", "▓", "█"},
		lane: map[diagnose.State]string{
			diagnose.Booting: "○", diagnose.Idle: "▁", diagnose.Busy: "▃", diagnose.Suspect: "▆", diagnose.Hung: "✖", diagnose.Stopped: "‖", diagnose.Dead: "†",
		},
		mark: map[diagnose.State]string{
			diagnose.Booting: "○", diagnose.Suspect: "?", diagnose.Hung: "✖", diagnose.Stopped: "‖", diagnose.Dead: "†",
		},
	}
}

func asciiGlyphs() glyphs {
	return glyphs{
		horizontal: "-", vertical: "|", topLeft: "+", topRight: "+", bottomLeft: "+", bottomRight: "+",
		doneBar: "=", headBar: ">", restBar: ".", cursor: ">", into: ">", holds: "<-", more: "~", bullet: "*",
		faultMark: "^", faultSpan: "=", shades: []string{".", ":", "o", "#"},
		lane: map[diagnose.State]string{
			diagnose.Booting: "o", diagnose.Idle: "_", diagnose.Busy: "=", diagnose.Suspect: "?", diagnose.Hung: "X", diagnose.Stopped: "S", diagnose.Dead: "D",
		},
		mark: map[diagnose.State]string{
			diagnose.Booting: "o", diagnose.Suspect: "?", diagnose.Hung: "X", diagnose.Stopped: "S", diagnose.Dead: "D",
		},
	}
}

// stateRole is how a state is coloured.
func stateRole(s diagnose.State) role {
	switch s {
	case diagnose.Busy:
		return good
	case diagnose.Suspect, diagnose.Booting:
		return warn
	case diagnose.Hung, diagnose.Stopped, diagnose.Dead:
		return bad
	}
	return dim
}

// gravity orders states by how much a person should care.
func gravity(s diagnose.State) int {
	switch s {
	case diagnose.Busy:
		return 1
	case diagnose.Booting:
		return 2
	case diagnose.Suspect:
		return 3
	case diagnose.Dead:
		return 4
	case diagnose.Stopped:
		return 5
	case diagnose.Hung:
		return 6
	}
	return 0
}
