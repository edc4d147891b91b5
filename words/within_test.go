package words

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestALongTextLosesItsMiddle(t *testing.T) {
	for _, row := range []struct {
		text string
		most int
		want string
	}{
		{"short", 5, "short"},
		{"a sentence that is too long", 15, "a sen …  long"},
		{strings.Repeat("é", 20), 15, "éé … éé"},
	} {
		got := Within(row.text, row.most)
		if len(got) > row.most || !utf8.ValidString(got) {
			t.Errorf("%q has %d bytes, want at most %d of UTF-8", got, len(got), row.most)
		}
		if row.want != "" && got != row.want {
			t.Errorf("Within(%q, %d) = %q, want %q", row.text, row.most, got, row.want)
		}
	}
}
