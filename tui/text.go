package tui

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// shorten makes a sentence fit w cells by leaving out the folders of the paths in it, if it does not fit as it is.
func (l *look) shorten(text string, w int) string {
	if textWidth(text) <= w {
		return text
	}
	return report.Folders.ReplaceAllString(text, l.glyphs.more+"/")
}

// text is what others wrote (a path, a thread's name, a command, a line of a log, a sentence made of these) as it may
// be drawn: without what would act on the terminal, and in ASCII where the terminal has no more. All that is not
// written here goes through it.
func (l *look) text(of string) string {
	of = words.Printable(of)
	if l.glyphs.ascii == nil {
		return of
	}
	return l.glyphs.ascii.Replace(of)
}

// pad fills text up to w cells; right puts the spaces before it.
func pad(text string, w int) string {
	return text + strings.Repeat(" ", max(w-textWidth(text), 0))
}
func right(text string, w int) string {
	return strings.Repeat(" ", max(w-textWidth(text), 0)) + text
}

// paragraph breaks a sentence into indented lines that fit w cells. Only what is there to be read is broken, never a
// row of a table.
func (l *look) paragraph(r role, text string, indent, w int) []string {
	lines := wrap(l.text(text), w-indent-1)
	for i := range lines {
		lines[i] = strings.Repeat(" ", indent) + l.in(r, lines[i])
	}
	return lines
}

// wrap breaks a text into lines of at most w cells; a longer word is left to be cut.
func wrap(text string, w int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && textWidth(line)+1+textWidth(word) > w {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// textWidth is how many cells a text takes. Most of what is drawn are characters that are known to take one each;
// only others are measured, which takes ten times as long.
func textWidth(text string) int {
	n := 0
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\x1b':
			end := sgrEnd(text[i:])
			if end == 0 {
				return ansi.StringWidth(text)
			}
			i += end
		case c >= ' ' && c < 0x7f:
			n++
			i++
		case c < 0x80:
			return ansi.StringWidth(text)
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			if !oneCell(r) {
				return ansi.StringWidth(text)
			}
			n++
			i += size
		}
	}
	return n
}

// sgrEnd is how long the colour sequence is that a text begins with; 0: it is none.
func sgrEnd(text string) int {
	if len(text) < 2 || text[1] != '[' {
		return 0
	}
	for i := 2; i < len(text); i++ {
		switch c := text[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && c != ':' && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}

// oneCell says of the characters that hangtime draws with that they take one cell: dashes and dots, arrows, boxes and
// blocks, marks.
func oneCell(r rune) bool {
	return r >= 0x2010 && r <= 0x2027 || r >= 0x2190 && r <= 0x2193 || r >= 0x2500 && r <= 0x259f || r >= 0x25a0 &&
		r <= 0x25cf || r == '✓' || r == '✗' || r == 'µ' || r == '×' || r == '‖' || r == '‾'
}

// ansiPlain is what is read of a drawn text.
func ansiPlain(text string) string { return strings.TrimRight(ansi.Strip(text), " ") }
