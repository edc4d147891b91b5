package report

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
)

func TestTheLogOfAWorkerIsWhatIsAboutItsPlaceOrItsProcess(t *testing.T) {
	b := NewBuilder()
	say := func(at time.Duration, e history.Event) { b.Add(history.Record{At: at, Event: e}) }
	say(0, history.VariantStarted{Name: "only"})
	say(1, history.ServerSaid{Event: "worker-started", Worker: 1, PID: 11,
		Fields: map[string]string{"time": "now", "age": "1", "why": "first of all"}})
	say(2, history.ServerSaid{Event: history.SaidLine, PID: 12, Fields: map[string]string{"text": "Booting worker"}})
	say(3, history.ServerSaid{Event: history.SaidLine, Fields: map[string]string{"text": "nobody's"}})
	say(4, history.ServerSaid{Event: "worker-ready", Worker: 1, PID: 13})
	v := b.Report().Current()
	worker := func(place, pid int) diagnose.Worker {
		return diagnose.Worker{Identity: diagnose.Identity{Place: place, PID: pid}}
	}
	for _, one := range []struct {
		worker diagnose.Worker
		most   int
		want   []string
	}{
		{worker(1, 13), 9, []string{`worker-started age=1 why="first of all"`, "worker-ready"}},
		{worker(1, 13), 1, []string{"worker-ready"}},
		{worker(2, 12), 9, []string{"Booting worker"}},
		{worker(3, 99), 9, nil},
	} {
		var got []string
		for _, line := range v.LogOf(&one.worker, one.most) {
			got = append(got, line.Text)
		}
		if diff := cmp.Diff(one.want, got); diff != "" {
			t.Errorf("worker %d (-want +got):\n%s", one.worker.Place, diff)
		}
	}
}

// However much a server writes, its newest lines are kept, and a report that was made before does not change.
func TestTheLogIsBounded(t *testing.T) {
	var log serverLog
	var earlier []LogLine
	for i := range 10 * mostLogged {
		log.add(history.Record{Event: history.ServerSaid{Event: fmt.Sprint(i)}})
		if i == mostLogged-1 {
			earlier = log.lines
		}
	}
	if n := len(log.lines); n > mostLogged || log.lines[n-1].Text != fmt.Sprint(10*mostLogged-1) {
		t.Errorf("%d lines, the last %q", n, log.lines[n-1].Text)
	}
	if earlier[0].Text != "0" || earlier[mostLogged-1].Text != fmt.Sprint(mostLogged-1) {
		t.Error("the lines of an earlier report changed")
	}
}
