package tui

import (
	"os"
	"strings"

	"charm.land/lipgloss/v2"
)

// bars are what a progress bar is made of.
type bars struct{ doneBar, headBar, restBar string }

// glyphs are the characters that a look draws with; those of the workers' states are in their table.
type glyphs struct {
	ascii  *strings.Replacer // of what reports write beyond ASCII; nil: the terminal shows it
	border lipgloss.Border
	bars
	cursor, into, more, bullet string
	faultMark, faultSpan       string
	yes, no, unsure            string
	play, pause                string
	p50, p99, max              string
	bar                        string   // of a chart of amounts
	waiting                    string   // unanswered so far: at least this slow, and rising
	shades                     []string // from few to many
}

// unicodeGlyphs are all of width 1 and in the fonts that terminals come with.
func unicodeGlyphs() glyphs {
	return glyphs{
		border: lipgloss.NormalBorder(),
		bars:   bars{doneBar: "━", headBar: "╸", restBar: "─"}, cursor: "▸", into: "▸", more: "…", bullet: "●",
		faultMark: "▲", faultSpan: "━", yes: "✓", no: "✗", unsure: "?", play: "▶", pause: "■",
		p50: "─", p99: "━", max: "‾", bar: "▆", waiting: "↑", shades: []string{"░", "▒", "▓", "█"},
	}
}

func asciiGlyphs() glyphs {
	return glyphs{
		ascii: strings.NewReplacer("←", "<-", "→", "->", "▸", ">", "…", "~", "µ", "u", "↑", "up", "↓", "down",
			"\ufffd", "?"),
		border: lipgloss.ASCIIBorder(),
		bars:   bars{doneBar: "=", headBar: ">", restBar: "."}, cursor: ">", into: ">", more: "~", bullet: "*",
		faultMark: "^", faultSpan: "=", yes: "+", no: "x", unsure: "?", play: ">", pause: "||",
		p50: "-", p99: "=", max: "'", bar: "=", waiting: "^", shades: []string{".", ":", "o", "#"},
	}
}

// OnlyASCII says whether the terminal is known to show no other characters: a locale that is not UTF-8, or the
// console of the kernel, whose font has few.
func OnlyASCII() bool {
	if os.Getenv("TERM") == "linux" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(os.Getenv(name)); locale != "" {
			return !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")
		}
	}
	return false
}
