package request

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A Rendered is a target as bytes: what lies before the hit's number, and what comes after.
type Rendered struct {
	before  []byte // through "X-Vegeta-Seq: "
	after   []byte // the rest of the head, and the body
	body    uint64 // its length
	Head    bool   // method HEAD: no body will come
	Timeout time.Duration
	Expect  []int
	filled  *Filled // nil: it is the same each time
}

// Render makes the bytes of a target.
func (t *Target) Render(seed uint64) (Rendered, error) {
	r := Rendered{Head: t.Method == http.MethodHead, Timeout: t.Timeout, Expect: t.Expect}
	if t.Template {
		f, err := t.Fill(seed)
		r.filled = f
		return r, err
	}
	u, err := url.Parse(t.URL)
	if err != nil {
		return Rendered{}, err
	}
	var b bytes.Buffer
	b.WriteString(t.Method + " " + u.RequestURI() + " HTTP/1.1\r\nHost: " + hostOf(t, u.Host) + "\r\n")
	b.WriteString(t.headerLines())
	if len(t.Body) > 0 || carriesBody(t.Method) {
		b.WriteString("Content-Length: " + strconv.Itoa(len(t.Body)) + "\r\n")
	}
	b.WriteString(SeqHeader + ": ")
	r.before, r.after, r.body = b.Bytes(), append([]byte("\r\n\r\n"), t.Body...), uint64(len(t.Body))
	return r, nil
}

// Append writes the request of hit seq; body is the length of its body.
func (r *Rendered) Append(to []byte, seq uint64) (request []byte, body uint64) {
	if r.filled != nil {
		return r.filled.append(to, seq)
	}
	to = append(to, r.before...)
	to = strconv.AppendUint(to, seq, 10)
	return append(to, r.after...), r.body
}
