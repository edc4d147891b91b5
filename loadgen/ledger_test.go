package loadgen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// The engine takes any certificate, and so does the ledger: or every task of such a server would end as failed.
func TestTheLedgerFollowsTasksOverHTTPSWithASelfSignedCertificate(t *testing.T) {
	srv := httptest.NewTLSServer(&taskServer{states: map[string]string{}, batch: true})
	defer srv.Close()
	s := attack(t, t.Context(), plan(30, scenarios.Target{Method: "POST", Path: "/task", Expect: []int{202}}), srv.URL, time.Second)
	final := s.ledgers[len(s.ledgers)-1]
	want := history.Ledger{Accepted: 30, Done: 15, Failed: 5, TimedOut: 5, Lost: 5, LostBy: final.LostBy, Final: true}
	if diff := cmp.Diff(want, final); diff != "" {
		t.Error(diff)
	}
}

// A name that only the attack's own resolver knows is found by it, or by nobody.
func TestTheLedgerAsksTheAttacksOwnResolver(t *testing.T) {
	own := errors.New("the attack's own resolver was asked")
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, own }}
	a := newAsker("http://known-to-nobody-else.test:1", "", resolver)
	defer a.close()
	_, err := a.ask(t.Context(), 0, []string{"t-1"})
	var failed *net.DNSError
	if !errors.As(err, &failed) || failed.Err != own.Error() {
		t.Errorf("%v, want that %v", err, own)
	}
}

// The longer a task is open the less often it is asked about, and those asked about often do not wait behind it.
func TestAYoungTaskIsNotAskedAboutLaterBecauseOfAnOldOne(t *testing.T) {
	srv := httptest.NewServer(&taskServer{states: map[string]string{"old": "accepted", "young": "accepted"}, batch: true})
	defer srv.Close()
	l := newLedger(newAsker(srv.URL, "", nil), time.Minute, history.NewRecorder(time.Now()))
	defer l.asker.close()
	l.accept([]byte(`{"id":"old"}`), -time.Hour)
	l.ask(t.Context(), 0)
	l.accept([]byte(`{"id":"young"}`), l.rec.Now())
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
