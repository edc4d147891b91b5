package words

import "unicode/utf8"

// Within is a text of at most so many bytes: of a longer one the middle is left out, because what would be right stands
// at its end.
func Within(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const gap = " … "
	head := max(most-len(gap), 0) / 2
	tail := len(text) - head
	for head > 0 && !utf8.RuneStart(text[head]) {
		head--
	}
	for tail < len(text) && !utf8.RuneStart(text[tail]) {
		tail++
	}
	return text[:head] + gap + text[tail:]
}
