package loadgen

import (
	"bytes"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A rendered request is a target as bytes: what lies before the hit's number, and what comes after.
type rendered struct {
	before  []byte // through "X-Vegeta-Seq: "
	after   []byte // the rest of the head, and the body
	body    uint64 // its length
	head    bool   // method HEAD: no body will come
	timeout time.Duration
	expect  []int
}

// seqHeader is the key that joins a hit to what the server says about it; vegeta sends the same.
const seqHeader = "X-Vegeta-Seq"

// render makes the bytes of a target that is the same each time.
func (t *target) render() (rendered, error) {
	u, err := url.Parse(t.url)
	if err != nil {
		return rendered{}, err
	}
	var b bytes.Buffer
	b.WriteString(t.method + " " + u.RequestURI() + " HTTP/1.1\r\nHost: " + hostOf(t, u) + "\r\n")
	names := make([]string, 0, len(t.header))
	for name := range t.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if name == "Host" || name == "Content-Length" {
			continue
		}
		for _, value := range t.header[name] {
			b.WriteString(name + ": " + oneLine(value) + "\r\n")
		}
	}
	if len(t.body) > 0 || t.method == "POST" || t.method == "PUT" || t.method == "PATCH" {
		b.WriteString("Content-Length: " + strconv.Itoa(len(t.body)) + "\r\n")
	}
	b.WriteString(seqHeader + ": ")
	return rendered{
		before: b.Bytes(), after: append([]byte("\r\n\r\n"), t.body...), body: uint64(len(t.body)),
		head: t.method == "HEAD", timeout: t.timeout, expect: t.expect,
	}, nil
}

func hostOf(t *target, u *url.URL) string {
	if host := t.header.Get("Host"); host != "" {
		return host
	}
	return u.Host
}

// oneLine keeps a value from ending the header.
func oneLine(value string) string {
	return strings.NewReplacer("\r", " ", "\n", " ").Replace(value)
}

// append writes the request of hit seq.
func (r *rendered) append(to []byte, seq uint64) []byte {
	to = append(to, r.before...)
	to = strconv.AppendUint(to, seq, 10)
	return append(to, r.after...)
}
