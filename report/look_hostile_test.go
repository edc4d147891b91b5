package report

import (
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/words/hostile"
)

// What a look and a watch say of paths, commands and threads acts on no terminal.
func TestNoLineOfALookHandsOnWhatOthersWroteRaw(t *testing.T) {
	look := hostile.Filled(hungLook(), false)
	var out strings.Builder
	if err := look.Text(&out); err != nil {
		t.Fatal(err)
	}
	NewWatchConsole(&out).say(time.Second, "worker 1: %s", hostile.Text)
	NewWatchConsole(&out).Begin("process 1 ("+hostile.Text+")", hostile.Filled(Watched{Unseen: []string{"no stacks"}}, false))
	if found := hostile.Found(out.String()); found != "" {
		t.Errorf("%q", found)
	}
	for _, want := range []string{`gunicorn app\x1b]0;owned`, `blocked in flock on /srv/app.log, held by pid 99 (cron)\x1b`, `emit (logging.py:10)\x1b`, `take no lock\x1b`, `00:00:01.0  worker 1: \x1b`, `no stacks\x1b`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in\n%s", want, out.String())
		}
	}
}
