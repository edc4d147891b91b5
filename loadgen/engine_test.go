package loadgen

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestTheEngineIsChosenByWhatIsAsked(t *testing.T) {
	for _, c := range []struct {
		name, base string
		plan       scenarios.Load
		want, why  string
	}{
		{"plain HTTP", "http://127.0.0.1:1", plan(1, scenarios.Target{Path: "/"}), engineFast, ""},
		{"HTTPS", "https://127.0.0.1:1", plan(1, scenarios.Target{Path: "/"}), engineStandard,
			"https is not spoken by the fast engine"},
		{"Expect: 100-continue", "http://127.0.0.1:1",
			plan(1, scenarios.Target{Path: "/", Header: map[string]string{"Expect": "100-continue"}}), engineStandard,
			"a target's header asks for more than request and answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := New(c.plan, c.base, history.NewRecorder(time.Now()), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if name, why := a.Engine(); name != c.want || why != c.why {
				t.Errorf("got %s (%s), want %s (%s)", name, why, c.want, c.why)
			}
		})
	}
}

func TestExpectContinueIsWaitedFor(t *testing.T) {
	l := listen(t, "tcp", "127.0.0.1:0")
	byHandServer(t, l, func(x *exchange) bool {
		x.say("HTTP/1.1 100 Continue\r\n\r\n")
		body, _ := io.ReadAll(x.request.Body)
		x.say(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%02d", len(body)))
		return true
	})
	p := plan(100, scenarios.Target{Method: "POST", Path: "/", Body: "hello",
		Header: map[string]string{"Expect": "100-continue", "X-Unread": "1"}})
	s, sum := attackBy(t, "", p, "http://"+l.Addr().String(), 100*time.Millisecond)
	expectKinds(t, sum, map[string]uint64{"200": 10})
	if s.started.Engine != engineStandard {
		t.Errorf("engine %s", s.started.Engine)
	}
}
