package tui

import (
	"regexp"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/hangtime-dev/hangtime/history"
)

// How a queue is stands beside the load where the server says it, the most urgent first where there is little room; of
// a server without one nothing is said.
func TestTheLiveScreenShowsTheQueue(t *testing.T) {
	again := uint64(17)
	queue := &history.TaskQueue{Depth: 41, InFlight: 13, Oldest: 4 * time.Second, Redelivered: &again, DeadLettered: 2, DoneTwice: 3}
	waits, rest := `tasks queued +41 +oldest +4\.0s`, []string{`redelivered +17 +dead letters +2`, `with workers +13 +done twice +3`}
	for _, c := range []struct {
		name  string
		queue *history.TaskQueue
		w, h  int
		want  []string
		not   []string
	}{
		{"a large screen", queue, 120, 35, append([]string{waits}, rest...), nil},
		{"a small screen", queue, 80, 24, []string{waits}, nil},
		{"no queue", nil, 120, 35, nil, append([]string{"tasks queued"}, rest...)},
	} {
		r := hangReport(4)
		r.Variants[0].Load.Tasks.Queue = c.queue
		frame := ansi.Strip(modelOf(r, c.w, c.h).frame())
		for _, want := range c.want {
			if !regexp.MustCompile(want).MatchString(frame) {
				t.Errorf("%s: %s is not in\n%s", c.name, want, frame)
			}
		}
		for _, not := range c.not {
			if regexp.MustCompile(not).MatchString(frame) {
				t.Errorf("%s: %s is in\n%s", c.name, not, frame)
			}
		}
	}
}
