package loadgen

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// Both engines fill templates alike.
func TestATemplateReachesTheServer(t *testing.T) {
	for _, name := range engines {
		t.Run(name, func(t *testing.T) {
			bodies := make(chan string, 100)
			l := listen(t, "tcp", "127.0.0.1:0")
			byHandServer(t, l, func(x *exchange) bool {
				b := new(bytes.Buffer)
				_, _ = b.ReadFrom(x.request.Body)
				bodies <- fmt.Sprintf("%s %s %s %d", x.request.RequestURI, x.request.Header.Get("X-N"), b,
					x.request.ContentLength)
				x.say(plainAnswer)
				return true
			})
			target := scenarios.Target{Method: "POST", Path: "/item/{{counter}}?r={{random 3 3}}",
				Body: `{"n":{{counter}}}`, Header: map[string]string{"X-N": "n{{counter}}", "X-Unread": "1"}, Template: true}
			_, sum := attackBy(t, name, plan(100, target), "http://"+l.Addr().String(), 100*time.Millisecond)
			if sum.OK != 10 || sum.BytesOut != 10*7+1 {
				t.Errorf("%d ok, %d bytes out", sum.OK, sum.BytesOut)
			}
			seen := map[string]bool{}
			for range sum.OK {
				seen[<-bodies] = true
			}
			for n := 1; n <= 10; n++ {
				body := fmt.Sprintf(`{"n":%d}`, n)
				if want := fmt.Sprintf("/item/%d?r=3 n%d %s %d", n, n, body, len(body)); !seen[want] {
					t.Errorf("no request %q in %v", want, seen)
				}
			}
		})
	}
}
