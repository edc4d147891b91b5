package input

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// byteOrderMark begins a UTF-8 text that some editors of Windows wrote.
var byteOrderMark = []byte("\ufeff")

// WithoutMark is a text without the mark with which some editors begin a file.
func WithoutMark(text []byte) []byte { return bytes.TrimPrefix(text, byteOrderMark) }

// UTF8 is a text without its byte order mark; one that is in no UTF-8 is an error that says where.
func UTF8(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return nil, &Wrong{Line: 1, Column: 1, Text: "the text is UTF-16", Hint: "want it as UTF-8"}
	}
	text = WithoutMark(text)
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, wrongAt(text, i, "a NUL byte", "want plain text in UTF-8")
	}
	if utf8.Valid(text) {
		return text, nil
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return nil, wrongAt(text, i, fmt.Sprintf("byte 0x%02x is no UTF-8", text[i]), "want the text as UTF-8")
		}
		i += n
	}
	return text, nil
}

// A Wrong is what is wrong with a text, and where.
type Wrong struct {
	Line, Column int // from 1
	Text, Hint   string
}

func (w *Wrong) Error() string {
	return fmt.Sprintf("line %d, column %d: %s; %s", w.Line, w.Column, w.Text, w.Hint)
}

// wrongAt is something wrong at a byte of a text.
func wrongAt(text []byte, at int, what, hint string) *Wrong {
	before := text[:at]
	begin := bytes.LastIndexByte(before, '\n') + 1
	return &Wrong{Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[begin:]) + 1, Text: what, Hint: hint}
}
