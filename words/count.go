package words

import (
	"fmt"
	"strconv"
	"strings"
)

// integer is what things are counted with.
type integer interface {
	~int | ~int64 | ~uint64 | ~uint32
}

// Count writes a number of things: 1 request, 2 requests, 2 crashes. what is one of them, in regular English.
func Count[N integer](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %s", n, plural(what))
}

// plural adds s, or es behind a hiss.
func plural(what string) string {
	for _, hiss := range []string{"s", "x", "z", "ch", "sh"} {
		if strings.HasSuffix(what, hiss) {
			return what + "es"
		}
	}
	return what + "s"
}

// Were begins a sentence about things of the past: 1 task was, 2 tasks were.
func Were[N integer](n N, what string) string { return Count(n, what) + " " + Choose(n, "was", "were") }

// Do says what things do: 1 connection waits, 2 connections wait. verb is the form for many.
func Do[N integer](n N, what, verb string) string {
	return Count(n, what) + " " + Choose(n, verb+"s", verb)
}

// Choose is the form for one or that for several, of words that are not regular or stand elsewhere in the sentence.
func Choose[N integer](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Times is how often something happened: once, 2 times.
func Times[N integer](n N) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// Number writes a count in groups of three: 4,388. A median of counts may lie between two of them: 2.5.
func Number[N integer | ~float64](n N) string {
	digits, tenth, _ := strings.Cut(strconv.FormatFloat(float64(n), 'f', 1, 64), ".")
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if tenth != "0" {
		digits += "." + tenth
	}
	return sign + digits
}

// Share writes a part of a whole, of which 1 is all: 2.50 %.
func Share(part float64) string { return strconv.FormatFloat(part*100, 'f', 2, 64) + " %" }

// Percent is a share in whole percents, for narrow columns: 3%.
func Percent(part float64) string { return fmt.Sprintf("%.0f%%", part*100) }

// Rate is how many a second: 200/s.
func Rate(perSecond float64) string { return fmt.Sprintf("%.0f/s", perSecond) }
