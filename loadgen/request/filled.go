package request

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// A Filled is a target whose path, headers and body are filled anew for each hit.
type Filled struct {
	target    *Target
	host      string
	seed      uint64
	counter   atomic.Uint64
	path      *template // from the slash on
	header    *template // lines
	body      *template
	hasLength bool
	scratch   []byte // the body, between filling and its length's writing; one goroutine at a time
}

// Fill makes the templates of a target ready; the same seed and hit are filled alike.
func (t *Target) Fill(seed uint64) (*Filled, error) {
	_, rest, _ := strings.Cut(t.URL, "://")
	host, path, _ := strings.Cut(rest, "/")
	f := &Filled{target: t, host: hostOf(t, host), seed: seed}
	for _, one := range []struct {
		into **template
		text string
	}{{&f.path, "/" + path}, {&f.header, t.headerLines()}, {&f.body, string(t.Body)}} {
		var err error
		if *one.into, err = newTemplate(one.text, &f.counter); err != nil {
			return nil, err
		}
	}
	// What is filled in has no character that would have to be escaped; what stands there must not either.
	for _, p := range f.path.pieces {
		if i := strings.IndexFunc(p.Text, func(c rune) bool { return c <= ' ' || c >= 0x7f }); i >= 0 {
			return nil, fmt.Errorf("path %q: want %%XX instead of %q", path, p.Text[i:i+1])
		}
	}
	f.hasLength = len(t.Body) > 0 || carriesBody(t.Method)
	return f, nil
}

// random is what a hit is filled from.
func (f *Filled) random(seq uint64) (count uint64, random *rand.PCG) {
	return f.counter.Add(1), rand.NewPCG(f.seed, seq)
}

func (f *Filled) append(to []byte, seq uint64) ([]byte, uint64) {
	count, random := f.random(seq)
	f.scratch = f.body.append(f.scratch[:0], seq, count, random)
	to = append(to, f.target.Method...)
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
	to = append(to, SeqHeader+": "...)
	to = strconv.AppendUint(to, seq, 10)
	to = append(to, "\r\n\r\n"...)
	return append(to, f.scratch...), uint64(len(f.scratch))
}

// Standard fills the templates for net/http: any goroutine may call it.
func (f *Filled) Standard(seq uint64) (address string, header http.Header, body []byte) {
	count, random := f.random(seq)
	body = f.body.append(nil, seq, count, random)
	scheme, _, _ := strings.Cut(f.target.URL, "://")
	rest := strings.TrimPrefix(f.target.URL, scheme+"://")
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
