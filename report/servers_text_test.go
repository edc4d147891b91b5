package report

import (
	"strings"
	"testing"
)

func TestServersAreListed(t *testing.T) {
	var out strings.Builder
	if err := WriteFound(&out, []Found{
		{Server{PID: 812, Address: "127.0.0.1:8000", Command: "gunicorn: master [shop]"}, 4},
		{Server{PID: 9, Address: "0.0.0.0:80", Command: "node \x1b[2Jdesk.js"}, 0},
	}); err != nil {
		t.Fatal(err)
	}
	want := "servers on this machine:\n" +
		"   1  pid 812  127.0.0.1:8000  4 child processes  gunicorn: master [shop]\n" +
		"   2  pid 9    0.0.0.0:80      one process        node \\x1b[2Jdesk.js\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
