package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// answers are whole and broken answers; the fuzz test starts from them.
var answers = []string{
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.0 200 OK\r\n\r\nuntil the end",
	"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nConnection: x, Close ,y\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
	"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\n1",
	"HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok",
	"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\n X: a\r\n\r\n",
	"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
	"HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
	"HTTP/1.1 200 OK\r\nBad\x01Name: 1\r\n\r\n",
	"HTTP/1.1 200 OK\r\nName: bad\x00value\r\n\r\n",
	"HTTP/1.1 20 OK\r\n\r\n",
	"HTTP/1.1 2000 OK\r\n\r\n",
	"HTTP/11 200 OK\r\n\r\n",
	"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
	"SSH-2.0-OpenSSH_9.6\r\n",
	"",
	"\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore",
	"HTTP/1.1 200 OK\r\nContent-Le",
	"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 10_000) + "\r\nContent-Length: 0\r\n\r\n",
}

func TestAnswersAreReadAsNetHTTPReadsThem(t *testing.T) {
	for _, text := range answers {
		for _, step := range []int{1, 2, 3, 7, len(text) + 1} {
			for _, method := range []string{"GET", "HEAD"} {
				compare(t, []byte(text), method, step)
			}
		}
	}
}

func TestAnAnswerLeavesTheBytesOfTheNext(t *testing.T) {
	var p Parser
	p.Reset(false)
	n, err := p.Feed([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1"))
	if err != nil || !p.Done() || n != len("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") {
		t.Errorf("used %d, done %v, %v", n, p.Done(), err)
	}
}

func TestAHeadBeyondTheLimitIsRefused(t *testing.T) {
	var p Parser
	p.Reset(false)
	_, err := p.Feed([]byte("HTTP/1.1 200 OK\r\n"))
	line := []byte("X: " + strings.Repeat("a", 1000) + "\r\n")
	for range MaxHead/len(line) + 1 {
		if err == nil {
			_, err = p.Feed(line)
		}
	}
	if err != ErrTooLarge {
		t.Errorf("got %v", err)
	}
}

func TestReadingAnAnswerAllocatesNothing(t *testing.T) {
	var p Parser
	p.KeepFor = 202
	answer := []byte("HTTP/1.1 202 Accepted\r\nServer: x\r\nDate: Wed, 25 Nov 2026 01:00:00 GMT\r\nContent-Length: 20\r\nConnection: keep-alive\r\n\r\n{\"id\":\"1\",\"pid\":1234}")
	read := func() {
		p.Reset(false)
		if _, err := p.Feed(answer[:70]); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Feed(answer[70:]); err != nil || !p.Done() {
			t.Fatal(err, p.Done())
		}
	}
	read()
	if n := testing.AllocsPerRun(100, read); n != 0 {
		t.Errorf("%v allocations an answer", n)
	}
}

// read is what the parser makes of an answer in pieces of step bytes.
func read(text []byte, method string, step int) (p *Parser, body []byte, err error) {
	p = &Parser{KeepFor: -1}
	p.Reset(method == "HEAD")
	for at := 0; at < len(text) && !p.Done(); at += step {
		if _, err := p.Feed(text[at:min(at+step, len(text))]); err != nil {
			return p, p.Body, err
		}
	}
	if !p.Done() && !p.End() {
		return p, p.Body, io.ErrUnexpectedEOF
	}
	return p, p.Body, nil
}

// theirs is what net/http makes of it: as its transport does, interim answers are passed over.
func theirs(text []byte, method string) (*http.Response, []byte, error) {
	b := bufio.NewReader(bytes.NewReader(text))
	for {
		res, err := http.ReadResponse(b, &http.Request{Method: method})
		if err != nil {
			return nil, nil, err
		}
		if res.StatusCode >= 100 && res.StatusCode < 200 && res.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		body, err := io.ReadAll(res.Body)
		return res, body, err
	}
}

func compare(t *testing.T, text []byte, method string, step int) {
	t.Helper()
	p, body, err := read(text, method, step)
	want, wantBody, wantErr := theirs(text, method)
	if want != nil && want.StatusCode == http.StatusSwitchingProtocols {
		return // no answer to anything that we ask
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%s %q in steps of %d: %v, net/http: %v", method, text, step, err, wantErr)
	}
	if err != nil {
		return
	}
	if p.Status != want.StatusCode || !bytes.Equal(body, wantBody[:min(len(wantBody), MaxBody)]) ||
		p.BodyBytes != uint64(len(wantBody)) {
		t.Fatalf("%s %q: %d %q, net/http: %d %q", method, text, p.Status, body, want.StatusCode, wantBody)
	}
	if untilEnd := want.ContentLength < 0 && len(want.TransferEncoding) == 0 && method != "HEAD"; !untilEnd &&
		p.Reusable() == want.Close {
		t.Fatalf("%s %q: reusable %v, net/http closes: %v", method, text, p.Reusable(), want.Close)
	}
}

func FuzzParser(f *testing.F) {
	for i, text := range answers {
		f.Add([]byte(text), i%2 == 0, uint8(i%9+1))
	}
	f.Fuzz(func(t *testing.T, text []byte, head bool, step uint8) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		// net/http takes HTTP/0.0 for 1.1.
		if bytes.Contains(text, []byte("HTTP/0.0")) {
			return
		}
		// Where net/http reads a number as Atoi does ("+20"), this parser wants three digits.
		if bytes.Contains(text, []byte(" +")) || bytes.Contains(text, []byte(" -")) {
			return
		}
		compare(t, text, method, int(step)+1)
	})
}
