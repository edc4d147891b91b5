package words

import (
	"errors"
	"strings"
	"testing"
)

// What is wrong in every line, or in one that has no end, does not bury the first reason.
func TestAnErrorIsToldWithinBounds(t *testing.T) {
	var all []error
	for range MostErrors + 5 {
		all = append(all, errors.New("it is wrong here"))
	}
	all[0] = errors.New("first\x1b" + strings.Repeat("x", 2*MostErrorLine) + "want another")
	var out strings.Builder
	WriteError(&out, "hangtime", errors.Join(all...))
	lines := strings.SplitAfter(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != MostErrors+1 || lines[MostErrors] != "hangtime: and 5 more" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	if one := lines[0]; len(one) > MostErrorLine || !strings.HasPrefix(one, `hangtime: first\x1bx`) ||
		!strings.HasSuffix(one, "want another\n") {
		t.Errorf("the first is of %d bytes: %q", len(one), one)
	}
}

func TestACommandThatWasMeantIsInTheSameSentence(t *testing.T) {
	var out strings.Builder
	WriteError(&out, "hangtime", errors.New("unknown command \"rnu\" for \"hangtime\"\n\nDid you mean this?\n\trun\n"))
	if want := "hangtime: unknown command \"rnu\" for \"hangtime\"; did you mean run\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
