// Package web is as much of HTTP/1.1 as the reference server speaks: it reads requests from bytes and writes answers
// into bytes, and touches no socket, so that a blocking thread and an epoll loop can both use it. It is strict: what
// two readers could understand differently is refused.
package web

import (
	"bytes"
	"fmt"
	"strconv"
)

// Limits of one request.
const (
	MaxHeader = 16 << 10 // bytes of request line and headers
	MaxBody   = 64 << 10
	MaxFields = 100
)

// A Request points into the bytes it was read from.
type Request struct {
	Method []byte
	Path   []byte
	Query  []byte
	Accept []byte
	Body   []byte
	Close  bool // the client wants the connection closed, or speaks HTTP/1.0
}

// A Problem is why a request is refused.
type Problem struct {
	Status int
	Reason string
}

func (p *Problem) Error() string { return p.Reason }

func problem(status int, format string, args ...any) *Problem {
	return &Problem{status, fmt.Sprintf(format, args...)}
}

// Parse reads the first request in data. n is how many bytes it takes; 0 without a problem: more are needed.
// needsContinue: the client waits for `100 Continue` before it sends the body.
func Parse(data []byte, r *Request) (n int, needsContinue bool, p *Problem) {
	// A blank line before a request is skipped (RFC 9112, 2.2).
	skipped := 0
	for len(data) >= 2 && data[0] == '\r' && data[1] == '\n' && skipped < 4 {
		data = data[2:]
		skipped += 2
	}
	end := bytes.Index(data[:min(len(data), MaxHeader)], []byte("\r\n\r\n"))
	if end < 0 {
		if len(data) >= MaxHeader {
			return 0, false, problem(431, "want at most %d bytes of request line and headers", MaxHeader)
		}
		return 0, false, early(data)
	}
	*r = Request{}
	line, rest, _ := bytes.Cut(data[:end+2], []byte("\r\n"))
	if p := requestLine(line, r); p != nil {
		return 0, false, p
	}
	h, p := fields(rest, r)
	if p != nil {
		return 0, false, p
	}
	body := data[end+4:]
	if h.chunked {
		size, p := dechunk(body, r)
		if p != nil {
			return 0, false, p
		}
		if size == 0 {
			return 0, h.expect && len(body) == 0, nil
		}
		return skipped + end + 4 + size, false, nil
	}
	if len(body) < h.length {
		return 0, h.expect && len(body) == 0, nil
	}
	r.Body = body[:h.length]
	return skipped + end + 4 + h.length, false, nil
}

// early refuses at once what can never become a request, such as the first bytes of TLS.
func early(data []byte) *Problem {
	for _, c := range data[:min(len(data), 16)] {
		if c == ' ' {
			return nil
		}
		if !token(c) {
			return problem(400, "request line: want a method such as GET, got byte 0x%02x", c)
		}
	}
	if len(data) > 16 && bytes.IndexByte(data[:17], ' ') < 0 {
		return problem(400, "request line: want a method of at most 16 letters")
	}
	return nil
}

func requestLine(line []byte, r *Request) *Problem {
	method, rest, ok1 := bytes.Cut(line, []byte{' '})
	target, version, ok2 := bytes.Cut(rest, []byte{' '})
	if !ok1 || !ok2 || len(method) == 0 || len(method) > 16 || !all(method, token) {
		return problem(400, "request line: want METHOD TARGET HTTP/1.1")
	}
	switch string(version) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		r.Close = true
	default:
		if bytes.HasPrefix(version, []byte("HTTP/")) {
			return problem(400, "version: want HTTP/1.1 or HTTP/1.0")
		}
		return problem(400, "request line: want METHOD TARGET HTTP/1.1")
	}
	if len(target) == 0 || target[0] != '/' || !all(target, visible) {
		return problem(400, "target: want a path that begins with /")
	}
	r.Method = method
	r.Path, r.Query, _ = bytes.Cut(target, []byte{'?'})
	return nil
}

type head struct {
	length  int
	hasBody bool
	chunked bool
	expect  bool
	host    bool
}

func fields(rest []byte, r *Request) (head, *Problem) {
	var h head
	old := r.Close // HTTP/1.0
	for count := 0; len(rest) > 0; count++ {
		if count == MaxFields {
			return h, problem(431, "want at most %d headers", MaxFields)
		}
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, ok := bytes.Cut(line, []byte{':'})
		if !ok || len(name) == 0 || !all(name, token) {
			return h, problem(400, "header: want Name: value")
		}
		value = bytes.Trim(value, " \t")
		if !all(value, printable) {
			return h, problem(400, "header %s: want visible characters", name)
		}
		if p := field(name, value, r, &h); p != nil {
			return h, p
		}
	}
	switch {
	case !h.host && !old:
		return h, problem(400, "header Host: it is missing")
	case h.chunked && (h.hasBody || old):
		return h, problem(400, "headers: want Content-Length or Transfer-Encoding, not both, and no Transfer-Encoding in HTTP/1.0")
	}
	return h, nil
}

func field(name, value []byte, r *Request, h *head) *Problem {
	switch {
	case is(name, "host"):
		if h.host {
			return problem(400, "header Host: it is there twice")
		}
		if !all(value, hostChar) {
			return problem(400, "header Host: want a host name and port")
		}
		h.host = true
	case is(name, "content-length"):
		n, ok := decimal(value)
		if !ok || h.hasBody {
			return problem(400, "header Content-Length: want one number")
		}
		if n > MaxBody {
			return problem(413, "body: want at most %d bytes", MaxBody)
		}
		h.length, h.hasBody = n, true
	case is(name, "transfer-encoding"):
		if h.chunked || !is(value, "chunked") {
			return problem(400, "header Transfer-Encoding: want chunked")
		}
		h.chunked = true
	case is(name, "connection"):
		for _, option := range bytes.Split(value, []byte{','}) {
			if is(bytes.Trim(option, " \t"), "close") {
				r.Close = true
			}
		}
	case is(name, "expect"):
		if !is(value, "100-continue") {
			return problem(417, "header Expect: want 100-continue")
		}
		h.expect = true
	case is(name, "accept"):
		r.Accept = value
	}
	return nil
}

// dechunk reads a chunked body; size 0: more bytes are needed.
func dechunk(data []byte, r *Request) (size int, p *Problem) {
	var body []byte
	at := 0
	for {
		end := bytes.Index(data[at:min(len(data), at+128)], []byte("\r\n"))
		if end < 0 {
			if len(data)-at >= 128 {
				return 0, problem(400, "chunk: want its size in a line of at most 128 bytes")
			}
			return 0, nil
		}
		digits, _, _ := bytes.Cut(data[at:at+end], []byte{';'})
		digits = bytes.TrimRight(digits, " \t")
		n, err := strconv.ParseUint(string(digits), 16, 31)
		if err != nil || len(digits) == 0 || digits[0] == '+' || digits[0] == '_' {
			return 0, problem(400, "chunk: want its size in hexadecimal")
		}
		at += end + 2
		if n == 0 {
			return trailer(data, at, body, r)
		}
		if len(body)+int(n) > MaxBody {
			return 0, problem(413, "body: want at most %d bytes", MaxBody)
		}
		if len(data) < at+int(n)+2 {
			return 0, nil
		}
		body = append(body, data[at:at+int(n)]...)
		at += int(n)
		if data[at] != '\r' || data[at+1] != '\n' {
			return 0, problem(400, "chunk: want a line end after %d bytes", n)
		}
		at += 2
	}
}

// trailer takes an empty one only.
func trailer(data []byte, at int, body []byte, r *Request) (size int, p *Problem) {
	if len(data) < at+2 {
		return 0, nil
	}
	if data[at] != '\r' || data[at+1] != '\n' {
		return 0, problem(400, "body: want no trailer")
	}
	r.Body = body
	return at + 2, nil
}

func decimal(text []byte) (int, bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// is compares without case; lower is in lower case.
func is(text []byte, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func all(text []byte, allowed func(byte) bool) bool {
	for _, c := range text {
		if !allowed(c) {
			return false
		}
	}
	return true
}

func token(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), c) >= 0
}

func visible(c byte) bool   { return c > ' ' && c < 0x7f }
func printable(c byte) bool { return c >= ' ' && c != 0x7f || c == '\t' }
func hostChar(c byte) bool {
	return visible(c) && c != '/' && c != '?' && c != '#' && c != '@' && c != ','
}
