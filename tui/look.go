package tui

import (
	"fmt"
	"image/color"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/hangtime-dev/hangtime/words"
)

// A role is what a piece of text is for; the look decides how that appears.
type role uint8

const (
	plain role = iota
	dim
	title
	frame
	good
	warn
	bad
	fault
	accent
	keycap
	hit   // a letter that was typed
	alarm // the one thing to see first
	line  // of a chart
	heat0 // fast; heat0 … heat4 grow slower
	heat1
	heat2
	heat3
	heat4
	roleCount
)

// A look is how roles and states are drawn on one kind of terminal. It never changes once made.
type look struct {
	open   [roleCount]string // what Lip Gloss writes before a text in this role
	shut   [roleCount]string // and after it
	glyphs glyphs
}

// in returns text in a role. It is printable then, whoever wrote it; a text that has roles already would show them as
// escapes.
func (l *look) in(r role, text string) string {
	if text == "" {
		return ""
	}
	return l.open[r] + words.Printable(text) + l.shut[r]
}

// drawn returns a text of the look's own glyphs in a role: a frame's edges are long, and nobody else wrote them.
func (l *look) drawn(r role, text string) string { return l.open[r] + text + l.shut[r] }

// palette is the colours of a look, by role.
type palette [roleCount]color.Color

func rgb(hex uint32) color.Color {
	return color.RGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 255}
}

func darkPalette() palette {
	return palette{
		dim: rgb(0x8a8f98), title: rgb(0x7fb2ff), frame: rgb(0x4a5160), good: rgb(0x6ccf8e), warn: rgb(0xf2c55c),
		bad: rgb(0xff6b6b), fault: rgb(0xd58cff),
		accent: rgb(0x7fb2ff), hit: rgb(0x7fb2ff), keycap: rgb(0x7fb2ff), alarm: rgb(0xff6b6b),
		heat0: rgb(0x4fa8a0), heat1: rgb(0x6ccf8e), heat2: rgb(0xf2c55c), heat3: rgb(0xff9f5c), heat4: rgb(0xff6b6b),
	}
}

func lightPalette() palette {
	return palette{
		dim: rgb(0x666b73), title: rgb(0x1d4fa8), frame: rgb(0xa9afb9), good: rgb(0x1a7f3c), warn: rgb(0x946200),
		bad: rgb(0xc21f1f), fault: rgb(0x7b2fa8),
		accent: rgb(0x1d4fa8), hit: rgb(0x1d4fa8), keycap: rgb(0x1d4fa8), alarm: rgb(0xc21f1f),
		heat0: rgb(0x1f7a74), heat1: rgb(0x1a7f3c), heat2: rgb(0x946200), heat3: rgb(0xb85400), heat4: rgb(0xc21f1f),
	}
}

// basicPalette leaves the shades to the terminal's own sixteen colours, and so suits dark and light.
func basicPalette() palette {
	return palette{
		title: lipgloss.Blue, good: lipgloss.Green, warn: lipgloss.Yellow, bad: lipgloss.Red, fault: lipgloss.Magenta,
		accent: lipgloss.Blue, hit: lipgloss.Blue, keycap: lipgloss.Blue, alarm: lipgloss.Red,
		heat0: lipgloss.Cyan, heat1: lipgloss.Green, heat2: lipgloss.Yellow, heat3: lipgloss.Magenta, heat4: lipgloss.Red,
	}
}

// newLook makes a look of "dark", "light", "16" or "none", in the colours that a terminal has.
func newLook(theme string, ascii bool, has colorprofile.Profile) (*look, error) {
	var colours palette
	switch theme {
	case "none":
	case "dark":
		colours = darkPalette()
	case "light":
		colours = lightPalette()
	case "16":
		colours = basicPalette()
	default:
		return nil, fmt.Errorf("%q is no theme; want auto, dark, light, 16 or none", theme)
	}
	l := &look{glyphs: unicodeGlyphs()}
	if ascii {
		l.glyphs = asciiGlyphs()
	}
	for r := range roleCount {
		s := lipgloss.NewStyle()
		if c := colours[r]; c != nil {
			if c = has.Convert(c); c != nil {
				s = s.Foreground(c)
			}
		}
		switch r {
		case title, keycap, line:
			s = s.Bold(true)
		case hit:
			s = s.Bold(true).Underline(true)
		case bad, fault:
			if theme == "none" {
				s = s.Bold(true)
			}
		case alarm:
			s = s.Bold(true).Reverse(true)
		case dim:
			if theme == "16" || theme == "none" {
				s = s.Faint(true)
			}
		}
		// A frame of 200x60 has some 2,000 of these texts, none of which needs to be wrapped, aligned or measured
		// again as Render does: that takes three times as long.
		const text = "x"
		l.open[r], l.shut[r], _ = strings.Cut(s.Render(text), text)
	}
	return l, nil
}
