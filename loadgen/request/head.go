package request

import (
	"net/http"
	"slices"
	"strings"
)

// SeqHeader is the key that joins a hit to what the server says about it; vegeta sends the same.
const SeqHeader = "X-Vegeta-Seq"

// carriesBody says whether a request of that method has a Content-Length even with nothing in it, as net/http has it.
func carriesBody(method string) bool { return method == "POST" || method == "PUT" || method == "PATCH" }

// headerLines are the target's own headers, in order of their names.
func (t *Target) headerLines() string {
	names := make([]string, 0, len(t.Header))
	for name := range t.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", SeqHeader:
			continue // ours to say
		}
		for _, value := range t.Header[name] {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	return b.String()
}

func hostOf(t *Target, host string) string {
	if own := t.Header.Get("Host"); own != "" {
		return own
	}
	return host
}
