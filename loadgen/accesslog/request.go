package accesslog

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// A Request is a request as an access log has it.
type Request struct {
	At     time.Time // to the second in the Common format
	Fine   bool      // At is finer than a second
	Method string
	Path   string // with its query
}

// errNoRequest is a line of an access log that is about no request that could be sent: a client that sent no HTTP ("-"
// in place of the request).
var errNoRequest = errors.New("no request")

// requestLine reads "GET /path HTTP/1.1".
func requestLine(text string) (Request, error) {
	method, rest, ok := strings.Cut(text, " ")
	path, _, _ := strings.Cut(rest, " ")
	if !ok {
		return Request{}, errNoRequest
	}
	return checked(method, path)
}

// checked refuses what could not be sent as it stands: what a server logged may have been no HTTP at all.
func checked(method, path string) (Request, error) {
	if i := strings.Index(path, "://"); i > 0 && !strings.Contains(path[:i], "/") {
		if _, rest, ok := strings.Cut(path[i+3:], "/"); ok { // a proxy's absolute form
			path = "/" + rest
		} else {
			path = "/"
		}
	}
	if !httpguts.ValidHeaderFieldName(method) || method == "CONNECT" || !strings.HasPrefix(path, "/") {
		return Request{}, errNoRequest
	}
	for _, c := range []byte(path) {
		if c <= ' ' || c >= 0x7f || c == '\\' || c == '#' {
			return Request{}, errNoRequest
		}
	}
	return Request{Method: method, Path: path}, nil
}
