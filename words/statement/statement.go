// Package statement makes of a statement in SQL one that may be shown: what it does, without the values that it does it
// with.
package statement

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// most is how many bytes of a statement are shown.
const most = 200

// Shape is a statement on one line, at most 200 bytes, with "?" for each literal and without comments: values may be
// secret, and a comment may hold some. What is within double quotes or backticks is a name, and stays.
func Shape(sql string) string {
	var out strings.Builder
	space := false
	put := func(text string) {
		if space && out.Len() > 0 {
			out.WriteByte(' ')
		}
		space = false
		out.WriteString(text)
	}
	for i := 0; i < len(sql) && out.Len() <= most; {
		rest := sql[i:]
		r, size := utf8.DecodeRuneInString(rest)
		n := 0
		switch {
		case unicode.IsSpace(r):
			space, n = true, size
		case strings.HasPrefix(rest, "--"), r == '#' && !strings.HasPrefix(rest, "#>"):
			space, n = true, toEnd(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			space, n = true, 2+toEnd(rest[2:], "*/")
		case r == '\'':
			put("?")
			n = quoted(rest)
		case r == '"' || r == '`':
			n = quoted(rest)
			put(rest[:n])
		case r == '$' && dollar(rest) > 0:
			put("?")
			n = dollar(rest)
		case r >= '0' && r <= '9':
			put("?")
			n = number(rest)
		case isWord(r):
			n = word(rest)
			if next := rest[n:]; n <= 2 && strings.HasPrefix(next, "'") { // e'…', b'…', x'…', n'…', u&'…'
				put("?")
				n += quoted(next)
				break
			}
			put(rest[:n])
		default:
			put(rest[:size])
			n = size
		}
		i += n
	}
	text := strings.ToValidUTF8(out.String(), "")
	if len(text) > most {
		text = text[:most]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
		text += "…"
	}
	return text
}

// toEnd is how many bytes there are until the end of a mark, or of the text.
func toEnd(text, mark string) int {
	if at := strings.Index(text, mark); at >= 0 {
		return at + len(mark)
	}
	return len(text)
}

// quoted is how many bytes a literal or name takes that begins with its quote; the quote twice, or behind a backslash, is
// one within it.
func quoted(text string) int {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '`':
			i++
		case text[i] != quote:
		case i+1 < len(text) && text[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return len(text)
}

// dollar is how many bytes a literal of PostgreSQL takes that is quoted by $tag$, or a parameter ($1); 0: it is neither.
func dollar(text string) int {
	end := 1
	for end < len(text) && (isWord(rune(text[end])) || text[end] >= '0' && text[end] <= '9') {
		end++
	}
	if end < len(text) && text[end] == '$' {
		tag := text[:end+1]
		return len(tag) + toEnd(text[len(tag):], tag)
	}
	if end > 1 && text[1] >= '0' && text[1] <= '9' {
		return end
	}
	return 0
}

func number(text string) int {
	n := 0
	for n < len(text) && (text[n] >= '0' && text[n] <= '9' || text[n] == '.' || isWord(rune(text[n]))) {
		n++
	}
	return n
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func word(text string) int {
	for i, r := range text {
		if !isWord(r) && (r < '0' || r > '9') && (r != '&' || i != 1) {
			return i
		}
	}
	return len(text)
}
