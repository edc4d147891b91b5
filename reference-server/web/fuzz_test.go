package web

import "testing"

// Whatever bytes come: no panic, no answer from outside of them, and what was taken is taken the same way when it
// comes alone.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /task HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n",
		"POST /task HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\n\r\n",
		"\r\n\r\nHEAD /?q HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
		"\x16\x03\x01",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Request
		n, _, p := Parse(data, &r)
		if n < 0 || n > len(data) || p != nil && (n != 0 || p.Reason == "" || p.Status < 400 || p.Status > 599) {
			t.Fatalf("n %d of %d, problem %v", n, len(data), p)
		}
		if n == 0 {
			return
		}
		var again Request
		if m, _, p := Parse(data[:n], &again); m != n || p != nil || string(again.Body) != string(r.Body) ||
			string(again.Path) != string(r.Path) {
			t.Fatalf("alone it is read differently: %d, %v", m, p)
		}
		if len(r.Body) > MaxBody {
			t.Fatalf("a body of %d bytes", len(r.Body))
		}
	})
}
