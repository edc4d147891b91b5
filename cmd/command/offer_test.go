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

func TestServersAreListed(t *testing.T) {
	var out strings.Builder
	list(&out, []discovery.Candidate{
		{Target: discovery.Target{Arbiter: 812, Address: "127.0.0.1:8000"}, Command: "gunicorn: master [shop]", Children: 4},
		{Target: discovery.Target{Arbiter: 9, Address: "0.0.0.0:80"}, Command: "node \x1b[2Jdesk.js"},
	})
	want := "servers on this machine:\n" +
		"   1  pid 812  127.0.0.1:8000  4 child processes  gunicorn: master [shop]\n" +
		"   2  pid 9    0.0.0.0:80      one process        node \\x1b[2Jdesk.js\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
