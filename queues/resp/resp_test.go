package resp

import (
	"bufio"
	"context"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAnswersAreRead(t *testing.T) {
	for text, want := range map[string]any{
		"+OK\r\n":                         "OK",
		":42\r\n":                         int64(42),
		"$5\r\na\r\nbc\r\n":               "a\r\nbc",
		"$-1\r\n":                         nil,
		"*-1\r\n":                         nil,
		"-ERR no\r\n":                     Error("ERR no"),
		"*3\r\n:1\r\n$-1\r\n*1\r\n+x\r\n": []any{int64(1), nil, []any{"x"}},
	} {
		got, err := read(bufio.NewReader(strings.NewReader(text)), 0)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %#v, %v; want %#v", text, got, err, want)
		}
	}
}

// What is no answer is told, and never taken as a value or as a length to make room for.
func TestWhatIsNoAnswerIsRefused(t *testing.T) {
	for _, text := range []string{"", "+OK", "+OK\n", "HTTP/1.1 400\r\n", "$-2\r\n", "$99999999999\r\n", "*99999999999\r\n",
		"$3\r\nabcd\r\n", ":x\r\n", strings.Repeat("*1\r\n", 50) + ":1\r\n", "+" + strings.Repeat("x", 1<<20)} {
		if got, err := read(bufio.NewReader(strings.NewReader(text)), 0); err == nil {
			t.Errorf("%.40q was read as %#v", text, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("*2\r\n$1\r\na\r\n:1\r\n")
	f.Fuzz(func(_ *testing.T, text string) { _, _ = read(bufio.NewReader(strings.NewReader(text)), 0) })
}

func TestURLs(t *testing.T) {
	for text, want := range map[string]string{
		"redis://127.0.0.1:6379/3": "3", "redis://localhost": "0", "rediss://:secret@example.com/1": "1",
		"http://localhost": "", "redis://": "", "redis://localhost/x": "", "redis://a:secret%zz@b": "",
	} {
		u, err := ParseURL(text)
		switch {
		case (err == nil) != (want != ""):
			t.Errorf("%s: %v", text, err)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: the password is told: %v", text, err)
		case err == nil && database(u) != want:
			t.Errorf("%s: database %s, want %s", text, database(u), want)
		}
	}
}

// script is a server that answers each connection's commands in turn with what is in answers, and then closes it.
func script(t *testing.T, answers ...string) *Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for _, answer := range answers {
			socket, err := listener.Accept()
			if err != nil {
				return
			}
			if _, err := read(bufio.NewReader(socket), 0); err == nil {
				_, _ = socket.Write([]byte(answer))
			}
			_ = socket.Close()
		}
	}()
	u, err := ParseURL("redis://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := New(u, (&net.Dialer{}).DialContext)
	t.Cleanup(c.Close)
	return c
}

// A connection that the server has closed meanwhile is not used again.
func TestAClosedConnectionIsMadeAnew(t *testing.T) {
	c := script(t, "+one\r\n", "+two\r\n")
	for _, want := range []string{"one", "two"} {
		got, err := c.Do(t.Context(), "PING")
		if err != nil || got != want {
			t.Errorf("%v, %v; want %s", got, err, want)
		}
		for kept := <-c.idle; ; { // until the close has arrived here
			if !kept.alive() {
				c.idle <- kept
				break
			}
		}
	}
}

func TestARefusalIsAnError(t *testing.T) {
	c := script(t, "-NOAUTH Authentication required.\r\n")
	if got, err := c.Do(t.Context(), "PING"); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("%v, %v", got, err)
	}
}

// A server that does not answer holds nobody longer than asked for.
func TestASilentServerIsGivenUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	u, err := ParseURL("redis://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := New(u, (&net.Dialer{}).DialContext)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got, err := c.Do(ctx, "PING"); err == nil {
		t.Errorf("%v from a server that said nothing", got)
	}
}

func TestASubscriptionHearsWhatFits(t *testing.T) {
	c := script(t, "*3\r\n$10\r\npsubscribe\r\n$2\r\na*\r\n:1\r\n*4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$2\r\nab\r\n$5\r\nhello\r\n")
	var heard []string
	ready := false
	err := c.Subscribe(t.Context(), "a*", func() { ready = true }, func(channel, text string) { heard = append(heard, channel, text) })
	if err == nil || !ready || !reflect.DeepEqual(heard, []string{"ab", "hello"}) {
		t.Errorf("%v, ready %v, heard %v", err, ready, heard)
	}
}
