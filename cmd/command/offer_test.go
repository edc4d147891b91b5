package command

import (
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/probe/discovery"
)

func TestWhichOfTheServersIsMeant(t *testing.T) {
	found := []discovery.Candidate{{Target: discovery.Target{Arbiter: 41}}, {Target: discovery.Target{Arbiter: 42}}}
	for in, want := range map[string]int{"\n": 41, "1\n": 41, " 2 \n": 42, "2": 42, "": 0, "3\n": 0, "0\n": 0, "gunicorn\n": 0} {
		var out strings.Builder
		got, err := ask(strings.NewReader(in), &out, found)
		if got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: process %d (%v), want %d", in, got, err, want)
		}
	}
}
