package accesslog

import (
	"fmt"
	"strings"
	"time"
)

// commonTime is how the Common Log Format writes a moment.
const commonTime = "02/Jan/2006:15:04:05 -0700"

// parseCommonLine reads `host ident user [time] "GET /path HTTP/1.1" status bytes …`; what comes after the request is
// not needed.
func parseCommonLine(line string) (Request, error) {
	const want = `want the Common or Combined format, such as 127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET / HTTP/1.1" 200 12`
	_, rest, ok := strings.Cut(line, "[")
	stamp, rest, ok2 := strings.Cut(rest, "]")
	_, rest, ok3 := strings.Cut(rest, `"`)
	if !ok || !ok2 || !ok3 {
		return Request{}, fmt.Errorf("%.200q: %s", line, want)
	}
	at, err := time.Parse(commonTime, stamp)
	if err != nil {
		return Request{}, fmt.Errorf("time %.200q: %s", stamp, want)
	}
	one, err := requestLine(untilQuote(rest))
	one.At = at
	return one, err
}

// untilQuote is the text up to the quote that ends it. A backslash keeps the next character from that: nginx and Apache
// write \x22 or \".
func untilQuote(text string) string {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[:i]
		}
	}
	return text
}
