package loadgen

import (
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
	s := attack(t, t.Context(), plan(30, scenarios.Target{Method: "POST", Path: "/task", Expect: []int{202}}), srv.URL,
		time.Second)
	final := s.ledgers[len(s.ledgers)-1]
	want := history.Ledger{Accepted: 30, Done: 15, Failed: 5, TimedOut: 5, Lost: 5, LostBy: final.LostBy, Final: true}
	if diff := cmp.Diff(want, final); diff != "" {
		t.Error(diff)
	}
}
