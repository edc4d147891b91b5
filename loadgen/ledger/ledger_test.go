package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hangtime-dev/hangtime/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A name that only the attack's own resolver knows is found by it, or by nobody.
func TestTheLedgerAsksTheAttacksOwnResolver(t *testing.T) {
	own := errors.New("the attack's own resolver was asked")
	resolver := &net.Resolver{PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, own }}
	a := newAsker(Server{URL: "http://known-to-nobody-else.test:1", Resolver: resolver})
	defer a.close()
	_, err := a.ask(t.Context(), 0, []string{"t-1"})
	var failed *net.DNSError
	if !errors.As(err, &failed) || failed.Err != own.Error() {
		t.Errorf("%v, want that %v", err, own)
	}
}

// The longer a task is open the less often it is asked about, and those asked about often do not wait behind it.
func TestAYoungTaskIsNotAskedAboutLaterBecauseOfAnOldOne(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"tasks":[{"id":"old","state":"accepted"},{"id":"young","state":"accepted"}]}`)
	}))
	defer srv.Close()
	l := New(Server{URL: srv.URL}, time.Minute, history.NewRecorder(time.Now()))
	defer l.asker.close()
	l.Accept([]byte(`{"id":"old"}`), -time.Hour)
	l.ask(t.Context(), 0)
	l.Accept([]byte(`{"id":"young"}`), l.rec.Now())
	l.asker.next = 0 // no need to wait for the next question
	l.ask(t.Context(), l.rec.Now()+firstAsk)
	if len(l.again) != 2 {
		t.Fatalf("%d tasks were asked about, want both", len(l.again))
	}
	var order []string
	for at := time.Duration(0); len(l.again) > 0; at += time.Millisecond {
		l.asker.next = 0
		for _, task := range l.batch(at) {
			order = append(order, task.id)
		}
	}
	if got := fmt.Sprint(order); got != "[young old]" {
		t.Errorf("asked about %s, want the young one first", got)
	}
}
