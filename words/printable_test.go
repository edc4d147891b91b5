package words

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPrintableShowsWhatWouldActOnATerminal(t *testing.T) {
	for _, row := range []struct{ name, given, want string }{
		{"nothing", "", ""},
		{"plain text stays", "/var/log/app.log, held by pid 7", "/var/log/app.log, held by pid 7"},
		{"other scripts stay", "größe 世界 🙂 → µs é", "größe 世界 🙂 → µs é"},
		{"a combining mark stays", "e\u0301", "e\u0301"},
		{"an escape sequence", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"a title for the terminal", "\x1b]0;owned\a", `\x1b]0;owned\x07`},
		{"one in C1", "\u009b31m", `\x9b31m`},
		{"a lone C1 byte is no UTF-8", "\x9b31m", "\ufffd31m"},
		{"line breaks", "a\nb\rc\td", `a\nb\rc\td`},
		{"DEL and NUL", "\x7f\x00", `\x7f\x00`},
		{"separators of Unicode", "a\u2028b\u2029c\u0085d", `a\u2028b\u2029c\x85d`},
		{"a turned direction", "a\u202egnp.exe", `a\u202egnp.exe`},
		{"isolates and marks", "\u2066\u2069\u200e\u061c", `\u2066\u2069\u200e\u061c`},
		{"without width", "a\u200bb\ufeff", `a\u200bb\ufeff`},
		{"tags", "\U000e0041", `\U000e0041`},
		{"broken UTF-8", "a\xff\xfeb", "a\ufffd\ufffdb"},
		{"a backslash stays", `a\x1bb`, `a\x1bb`},
	} {
		if got := Printable(row.given); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	if got, want := PrintableLines("a\n\tb\x1b\r\n"), "a\n\tb\\x1b\\r\n"; got != want {
		t.Errorf("lines: got %q, want %q", got, want)
	}
}

func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"", "plain", "\x1b[31m", "\xff", "\u202e", "世\n界"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Printable(text)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !strconv.IsGraphic(r) }) {
			t.Errorf("%q became %q, which is not printable", text, got)
		}
		if again := Printable(got); again != got {
			t.Errorf("%q became %q, and that %q", text, got, again)
		}
	})
}
