package loadgen

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
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
	filled  *filled // nil: it is the same each time
}

// seqHeader is the key that joins a hit to what the server says about it; vegeta sends the same.
const seqHeader = "X-Vegeta-Seq"

// carriesBody says whether a request of that method has a Content-Length even with nothing in it, as net/http has it.
func carriesBody(method string) bool { return method == "POST" || method == "PUT" || method == "PATCH" }

// render makes the bytes of a target.
func (t *target) render(seed uint64) (rendered, error) {
	r := rendered{head: t.method == http.MethodHead, timeout: t.timeout, expect: t.expect}
	if t.template {
		f, err := t.fill(seed)
		r.filled = f
		return r, err
	}
	u, err := url.Parse(t.url)
	if err != nil {
		return rendered{}, err
	}
	var b bytes.Buffer
	b.WriteString(t.method + " " + u.RequestURI() + " HTTP/1.1\r\nHost: " + hostOf(t, u.Host) + "\r\n")
	b.WriteString(t.headerLines())
	if len(t.body) > 0 || carriesBody(t.method) {
		b.WriteString("Content-Length: " + strconv.Itoa(len(t.body)) + "\r\n")
	}
	b.WriteString(seqHeader + ": ")
	r.before, r.after, r.body = b.Bytes(), append([]byte("\r\n\r\n"), t.body...), uint64(len(t.body))
	return r, nil
}

// headerLines are the target's own headers, in order of their names.
func (t *target) headerLines() string {
	names := make([]string, 0, len(t.header))
	for name := range t.header {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Transfer-Encoding", seqHeader:
			continue // ours to say
		}
		for _, value := range t.header[name] {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	return b.String()
}

func hostOf(t *target, host string) string {
	if own := t.header.Get("Host"); own != "" {
		return own
	}
	return host
}

// append writes the request of hit seq; body is the length of its body.
func (r *rendered) append(to []byte, seq uint64) (request []byte, body uint64) {
	if r.filled != nil {
		return r.filled.append(to, seq)
	}
	to = append(to, r.before...)
	to = strconv.AppendUint(to, seq, 10)
	return append(to, r.after...), r.body
}

// filled is a target whose path, headers and body are filled anew for each hit.
type filled struct {
	target    *target
	host      string
	seed      uint64
	counter   atomic.Uint64
	path      *template // from the slash on
	header    *template // lines
	body      *template
	hasLength bool
	scratch   []byte // the body, between filling and its length's writing; one goroutine at a time
}

func (t *target) fill(seed uint64) (*filled, error) {
	_, rest, _ := strings.Cut(t.url, "://")
	host, path, _ := strings.Cut(rest, "/")
	f := &filled{target: t, host: hostOf(t, host), seed: seed}
	for _, one := range []struct {
		into **template
		text string
	}{{&f.path, "/" + path}, {&f.header, t.headerLines()}, {&f.body, string(t.body)}} {
		var err error
		if *one.into, err = parseTemplate(one.text, &f.counter); err != nil {
			return nil, err
		}
	}
	// What is filled in has no character that would have to be escaped; what stands there must not either.
	for _, p := range f.path.pieces {
		if i := strings.IndexFunc(p.text, func(c rune) bool { return c <= ' ' || c >= 0x7f }); i >= 0 {
			return nil, fmt.Errorf("path %q: want %%XX instead of %q", path, p.text[i:i+1])
		}
	}
	f.hasLength = len(t.body) > 0 || carriesBody(t.method)
	return f, nil
}

// random is what a hit is filled from.
func (f *filled) random(seq uint64) (count uint64, random *rand.PCG) {
	return f.counter.Add(1), rand.NewPCG(f.seed, seq)
}

func (f *filled) append(to []byte, seq uint64) ([]byte, uint64) {
	count, random := f.random(seq)
	f.scratch = f.body.append(f.scratch[:0], seq, count, random)
	to = append(to, f.target.method...)
	to = append(to, ' ')
	to = f.path.append(to, seq, count, random)
	to = append(to, " HTTP/1.1\r\nHost: "...)
	to = append(to, f.host...)
	to = append(to, "\r\n"...)
	to = f.header.append(to, seq, count, random)
	if f.hasLength {
		to = append(to, "Content-Length: "...)
		to = strconv.AppendInt(to, int64(len(f.scratch)), 10)
		to = append(to, "\r\n"...)
	}
	to = append(to, seqHeader+": "...)
	to = strconv.AppendUint(to, seq, 10)
	to = append(to, "\r\n\r\n"...)
	return append(to, f.scratch...), uint64(len(f.scratch))
}

// standard fills the templates for net/http: any goroutine may call it.
func (f *filled) standard(seq uint64) (address string, header http.Header, body []byte) {
	count, random := f.random(seq)
	body = f.body.append(nil, seq, count, random)
	scheme, _, _ := strings.Cut(f.target.url, "://")
	rest := strings.TrimPrefix(f.target.url, scheme+"://")
	host, _, _ := strings.Cut(rest, "/")
	address = scheme + "://" + host + string(f.path.append(nil, seq, count, random))
	header = http.Header{}
	for line := range strings.SplitSeq(string(f.header.append(nil, seq, count, random)), "\r\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			header[name] = append(header[name], value)
		}
	}
	return address, header, body
}
