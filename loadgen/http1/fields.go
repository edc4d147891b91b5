package http1

import "bytes"

func digit(c byte) bool { return c >= '0' && c <= '9' }

func validName(name []byte) bool {
	for _, c := range name {
		if !tokens[c] && c != ' ' {
			return false
		}
	}
	return true
}

func validValue(value []byte) bool {
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// tokens are the bytes of a token (RFC 9110, 5.6.2).
var tokens = func() (t [256]bool) {
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] = true
	}
	return t
}()

// The headers that decide where an answer ends and whether its connection goes on.
const (
	contentLength    = "content-length"
	transferEncoding = "transfer-encoding"
	connection       = "connection"
)

func interesting(name []byte) bool {
	switch len(name) {
	case len(contentLength):
		return same(name, contentLength)
	case len(transferEncoding):
		return same(name, transferEncoding)
	case len(connection):
		return same(name, connection)
	}
	return false
}

// same compares without regard to case; lower is in lower case.
func same(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func decimal(text []byte) (n int64, ok bool) {
	if len(text) == 0 || len(text) > 18 && !fits(text) {
		return 0, false
	}
	for _, c := range text {
		if !digit(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// fits says whether a long number is at most 2^63-1.
func fits(text []byte) bool {
	text = bytes.TrimLeft(text, "0")
	const most = "9223372036854775807"
	return len(text) < len(most) || len(text) == len(most) && string(text) <= most
}
