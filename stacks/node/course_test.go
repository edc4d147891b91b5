package node

import (
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

func TestCourse(t *testing.T) {
	for sentence, row := range map[string]struct {
		files []string
		own   bool
	}{
		"the program itself":            {[]string{"", "node:fs", "/srv/app.js", "node:internal/modules/cjs/loader"}, true},
		"a package calls the program":   {[]string{"/srv/job.js", "/srv/node_modules/bull/lib/worker.js"}, false},
		"the program calls a package":   {[]string{"/srv/node_modules/pg/client.js", "/srv/app.js"}, true},
		"nothing but Node.js's own":     {[]string{"", "node:internal/timers"}, false},
		"a loop that waits for events":  {nil, false},
		"a package between the program": {[]string{"/srv/a.js", "/srv/.yarn/cache/x.zip/x.js", "/srv/app.js"}, false},
	} {
		var frames []stacks.Frame
		for _, file := range row.files {
			frames = append(frames, stacks.Frame{Function: "f", File: file, Library: library(file)})
		}
		if got := course(frames); got != row.own {
			t.Errorf("%s: %v", sentence, got)
		}
	}
}
