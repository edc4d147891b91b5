package words

import (
	"fmt"
	"strconv"
	"strings"
)

// Printable makes a text that somebody else wrote (a path, a command line, a thread's name, a line of a log) safe to show. Such a text may hold what moves a
// cursor, colours or renames a terminal, forges a line of a report, or turns the direction of reading round. All of that becomes a visible escape: \x1b, \n,
// \u202e. What is no UTF-8 becomes U+FFFD. A text that is printable already stays as it is, so it does no harm to ask twice.
//
// The history keeps such texts as they were read: who shows one asks here.
func Printable(text string) string {
	if plain(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	for _, r := range text {
		writePrintable(&b, r)
	}
	return b.String()
}

// PrintableLines is Printable for a whole document: its own line breaks and tabs stay.
func PrintableLines(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		if r == '\n' || r == '\t' {
			b.WriteRune(r)
			continue
		}
		writePrintable(&b, r)
	}
	return b.String()
}

// plain says whether a text is ASCII that can be printed, as nearly all are.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// writePrintable escapes what Unicode does not call graphic: C0 and C1 controls, DEL, separators of lines, all format characters (bidi controls, those
// without width, tags), surrogates and what is not assigned. Go's own quoting decides by the same tables.
func writePrintable(b *strings.Builder, r rune) {
	switch {
	case strconv.IsGraphic(r):
		b.WriteRune(r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r <= 0xff:
		fmt.Fprintf(b, `\x%02x`, r)
	case r <= 0xffff:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}
