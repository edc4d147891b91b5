package loadgen

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/http1"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// engines are both; every test of this file asks the same of them.
var engines = []string{engineFast, engineStandard}

// engineSleeping is the fast one as it is where hits are due less than a millisecond apart: it sleeps over answers, from
// the first on.
const engineSleeping = "fast, sleeping"

// conformance is what a server does and what every engine must say of it, for ten hits. Kinds are statuses of answered
// hits and classes of failed ones.
var conformance = []struct {
	name   string
	target scenarios.Target
	limit  time.Duration // of a hit
	script func(*exchange) bool
	want   map[string]uint64
	bytes  uint64 // of all bodies; 0: not looked at

	// mayResend: net/http may take a connection for a hit before its own goroutine has seen that it ended; the hit is
	// then reported as sent again.
	mayResend bool
}{
	{
		name:   "a body of known length on a connection that stays",
		script: func(x *exchange) bool { x.say(plainAnswer); return true },
		want:   map[string]uint64{"200": 10}, bytes: 20,
	},
	{
		name: "a chunked body with extensions and trailers",
		script: func(x *exchange) bool {
			x.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n")
			return true
		},
		want: map[string]uint64{"200": 10}, bytes: 110,
	},
	{
		name: "a chunked body that is broken",
		script: func(x *exchange) bool {
			x.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
			return true
		},
		want: map[string]uint64{history.ErrMalformed: 10},
	},
	{
		name: "a redirect is an answer and not followed",
		script: func(x *exchange) bool {
			x.say("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
			return true
		},
		want: map[string]uint64{"302": 10},
	},
	{
		name: "Connection: close on every third answer",
		script: func(x *exchange) bool {
			if x.nth == 3 {
				x.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
				return false
			}
			x.say(plainAnswer)
			return true
		},
		want: map[string]uint64{"200": 10}, bytes: 20,
	},
	{
		name:   "close after a whole answer without a word",
		script: func(x *exchange) bool { x.sayLast(plainAnswer); return false },
		want:   map[string]uint64{"200": 10}, mayResend: true,
	},
	{
		name:   "a body that ends with the connection",
		script: func(x *exchange) bool { x.say("HTTP/1.0 200 OK\r\n\r\nuntil the end"); return false },
		want:   map[string]uint64{"200": 10}, bytes: 130,
	},
	{
		name:   "close in the middle of a body",
		script: func(x *exchange) bool { x.say("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort"); return false },
		want:   map[string]uint64{history.ErrClosed: 10},
	},
	{
		name: "close in the middle of a chunk",
		script: func(x *exchange) bool {
			x.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort")
			return false
		},
		want: map[string]uint64{history.ErrClosed: 10},
	},
	{
		name:   "close in the middle of the headers",
		script: func(x *exchange) bool { x.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"); return false },
		want:   map[string]uint64{history.ErrClosed: 10},
	},
	{
		name:   "close without an answer",
		script: func(*exchange) bool { return false },
		want:   map[string]uint64{history.ErrClosed: 10},
	},
	{
		name:   "reset without an answer",
		script: func(x *exchange) bool { x.reset(); return false },
		want:   map[string]uint64{history.ErrReset: 10},
	},
	{
		name: "headers that come byte by byte",
		script: func(x *exchange) bool {
			for _, c := range plainAnswer {
				x.say(string(c))
			}
			return true
		},
		want: map[string]uint64{"200": 10}, bytes: 20,
	},
	{
		name: "interim answers before the answer",
		script: func(x *exchange) bool {
			x.say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + plainAnswer)
			return true
		},
		want: map[string]uint64{"200": 10}, bytes: 20,
	},
	{
		name: "no answer within the time limit", limit: 500 * time.Millisecond,
		script: func(x *exchange) bool { _, _ = io.Copy(io.Discard, x); return false },
		want:   map[string]uint64{history.ErrTimeout: 10},
	},
	{
		name: "half a body within the time limit", limit: 500 * time.Millisecond,
		script: func(x *exchange) bool {
			x.say("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort")
			_, _ = io.Copy(io.Discard, x)
			return false
		},
		want: map[string]uint64{history.ErrTimeout: 10},
	},
	{
		name:   "no HTTP at all",
		script: func(x *exchange) bool { x.say("SSH-2.0-OpenSSH_9.6\r\n"); return false },
		want:   map[string]uint64{history.ErrMalformed: 10},
	},
	{
		name: "two lengths that differ",
		script: func(x *exchange) bool {
			x.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok")
			return false
		},
		want: map[string]uint64{history.ErrMalformed: 10},
	},
	{
		name: "headers of 300 KiB",
		script: func(x *exchange) bool {
			x.say("HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("a", 300<<10) + "\r\nContent-Length: 2\r\n\r\nok")
			return true
		},
		want: map[string]uint64{"200": 10}, bytes: 20,
	},
	{
		name: "headers of 2 MiB",
		script: func(x *exchange) bool {
			line := "X-Long: " + strings.Repeat("a", 64<<10) + "\r\n"
			x.say("HTTP/1.1 200 OK\r\n" + strings.Repeat(line, 32) + "Content-Length: 2\r\n\r\nok")
			return false
		},
		want: map[string]uint64{history.ErrMalformed: 10},
	},
	{
		name: "HEAD, which has a length and no body", target: scenarios.Target{Method: "HEAD"},
		script: func(x *exchange) bool { x.say("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"); return true },
		want:   map[string]uint64{"200": 10},
	},
	{
		name: "204 and 304, which have no body",
		script: func(x *exchange) bool {
			seq := x.request.Header.Get("X-Vegeta-Seq")
			x.say([]string{"HTTP/1.1 204 No Content\r\n\r\n",
				"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"}[seq[0]%2])
			return true
		},
		want: map[string]uint64{"204": 5, "304": 5},
	},
	{
		name:   "a status that is not expected",
		script: func(x *exchange) bool { x.say("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"); return true },
		want:   map[string]uint64{"503": 10, history.ErrStatus: 10},
	},
	{
		name: "a status that is expected", target: scenarios.Target{Expect: []int{404}},
		script: func(x *exchange) bool { x.say("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"); return true },
		want:   map[string]uint64{"404": 10},
	},
	{
		name:   "bytes after the answer that nobody asked for",
		script: func(x *exchange) bool { x.say(plainAnswer + "HTTP/1.1 500 More\r\n\r\n"); return false },
		want:   map[string]uint64{"200": 10}, bytes: 20,
	},
	{
		name: "an answer before the body of the request was read",
		target: scenarios.Target{Method: "POST", Body: strings.Repeat("b", 4<<20),
			Header: map[string]string{"X-Unread": "1"}},
		script: func(x *exchange) bool {
			x.say("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
			_, _ = io.Copy(io.Discard, x.request.Body)
			return false
		},
		want: map[string]uint64{"413": 10, history.ErrStatus: 10},
	},
	{
		name: "a body, headers and method as they were asked for",
		target: scenarios.Target{Method: "PUT", Path: "/a/b?c=d%20e", Body: "twelve bytes",
			Header: map[string]string{"X-One": "1", "Host": "other.example"}},
		script: func(x *exchange) bool {
			r := x.request
			status := "200 OK"
			if r.Method != "PUT" || r.RequestURI != "/a/b?c=d%20e" || r.ContentLength != 12 ||
				r.Header.Get("X-One") != "1" || r.Host != "other.example" ||
				r.Header.Get("User-Agent") != "hangtime" || r.Header.Get("X-Vegeta-Seq") == "" {
				status = "400 Wrong"
			}
			x.say("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n")
			return true
		},
		want: map[string]uint64{"200": 10},
	},
}

func TestBothEnginesSayTheSameOfEachServer(t *testing.T) {
	for _, c := range conformance {
		for _, name := range append(engines, engineSleeping) {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				l := listen(t, "tcp", "127.0.0.1:0")
				byHandServer(t, l, c.script)
				target := c.target
				if target.Path == "" {
					target.Path = "/"
				}
				p, total := plan(100, target), 100*time.Millisecond
				if name == engineSleeping {
					p, total = plan(2000, target), 5*time.Millisecond
				}
				p.Timeout = time.Minute // the suite must not fail because a machine is busy
				if c.limit > 0 {
					p.Timeout = c.limit
				}
				_, sum := attackBy(t, name, p, "http://"+l.Addr().String(), total)
				if again := sum.Errors[history.ErrResent]; c.mayResend && name == engineStandard && again > 0 {
					sum.Status["200"] += again
					delete(sum.Errors, history.ErrResent)
				}
				expectKinds(t, sum, c.want)
				if c.bytes > 0 && sum.BytesIn != c.bytes {
					t.Errorf("%d bytes of bodies, want %d", sum.BytesIn, c.bytes)
				}
			})
		}
	}
}

// attackBy runs an attack with one engine.
func attackBy(t *testing.T, engine string, p scenarios.Load, base string, total time.Duration) (*story, Summary) {
	t.Helper()
	return attackWith(t, Options{Engine: engine}, p, base, total)
}

func attackWith(t *testing.T, options Options, p scenarios.Load, base string, total time.Duration) (*story, Summary) {
	t.Helper()
	rec := history.NewRecorder(time.Now())
	sleeping := options.Engine == engineSleeping
	if sleeping {
		options.Engine = engineFast
	}
	a, err := New(p, base, rec, options)
	if err != nil {
		t.Fatal(err)
	}
	if sleeping {
		a.engine.(*http1.Engine).StayAwake(0)
	}
	if err := a.Run(t.Context(), total); err != nil {
		t.Fatal(err)
	}
	s, sum := tell(t, rec), a.Summary()
	if options.Engine != "" && s.started.Engine != options.Engine {
		t.Errorf("engine %s, want %s", s.started.Engine, options.Engine)
	}
	if sum.Due != s.due || sum.OK != s.ok || sum.Failed != s.failed || sum.Response.Count != s.due {
		t.Errorf("the summary has %d due, %d ok, %d failed, %d response times; the history %d, %d, %d", sum.Due, sum.OK,
			sum.Failed, sum.Response.Count, s.due, s.ok, s.failed)
	}
	return s, sum
}

// expectKinds compares statuses and classes of failed hits.
func expectKinds(t *testing.T, sum Summary, want map[string]uint64) {
	t.Helper()
	got := map[string]uint64{}
	for status, n := range sum.Status {
		got[status] += n
	}
	for class, n := range sum.Errors {
		got[class] += n
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A server whose workers die at their 50th request, without an answer: each of these requests is a failed one, whatever
// a client library would rather do.
func TestNoHitIsSentAgainInSilence(t *testing.T) {
	for _, name := range append(engines, engineSleeping) {
		for _, method := range []string{"GET", "POST"} {
			for _, how := range []string{"FIN", "RST"} {
				t.Run(name+" "+method+" "+how, func(t *testing.T) {
					var killed, seen atomic.Uint64
					l := listen(t, "tcp", "127.0.0.1:0")
					byHandServer(t, l, func(x *exchange) bool {
						seen.Add(1)
						if x.nth == 50 {
							killed.Add(1)
							if how == "RST" {
								x.reset()
							}
							return false
						}
						x.say(plainAnswer)
						return true
					})
					p := plan(1000, scenarios.Target{Path: "/", Method: method, Body: "x"})
					// Of two connections that are both at their 49th, net/http would send one hit on each, and a third
					// time.
					p.Senders = 1
					if name == engineSleeping {
						p.Rate, p.Senders = 2000, 3 // it is awake where all are in use
					}
					s, sum := attackBy(t, name, p, "http://"+l.Addr().String(), 400*time.Millisecond)
					lost := sum.Errors[history.ErrClosed] + sum.Errors[history.ErrReset] + sum.Errors[history.ErrResent]
					if killed.Load() < 4 || lost != killed.Load() || sum.Failed != lost || s.ok != s.due-lost {
						t.Errorf("%d of the server's workers died, %d hits reported lost (%v), %d ok of %d",
							killed.Load(), lost, sum.Errors, s.ok, s.due)
					}
					if again := seen.Load() - s.sent; again != sum.Errors[history.ErrResent] {
						t.Errorf("the server saw %d requests of %d hits, and %d are reported as sent again",
							seen.Load(), s.sent, sum.Errors[history.ErrResent])
					}
					if name != engineStandard && seen.Load() != s.sent {
						t.Errorf("the fast engine sent %d hits %d times", s.sent, seen.Load())
					}
				})
			}
		}
	}
}
