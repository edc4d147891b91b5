package words

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable makes a text that somebody else wrote (a path, a command line, a thread's name, a line of a log) safe to
// show. Such a text may hold what moves a cursor, colours or renames a terminal, forges a line of a report, or turns
// the direction of reading round. All of that becomes a visible escape: \x1b, \n, \u202e. What is no UTF-8 becomes
// U+FFFD. A text that is printable already stays as it is, so it does no harm to ask twice.
//
// The history keeps such texts as they were read: who shows one asks here.
func Printable(text string) string {
	safe := printable(text)
	if safe == len(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	b.WriteString(text[:safe])
	for _, r := range text[safe:] {
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

// printable is how many bytes of a text are so from its beginning; nearly always all of them, and most of them ASCII.
func printable(text string) int {
	for i := 0; i < len(text); {
		if c := text[i]; c >= ' ' && c <= '~' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 || !strconv.IsGraphic(r) {
			return i
		}
		i += size
	}
	return len(text)
}

// writePrintable escapes what Unicode does not call graphic: C0 and C1 controls, DEL, separators of lines, all format
// characters (bidi controls, those without width, tags), surrogates and what is not assigned. Go's own quoting
// decides by the same tables.
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
