package diagnose

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
)

// kept are the recorded runs, read once.
var kept = sync.OnceValue(func() [][]history.Record {
	var all [][]history.Record
	for _, name := range []string{"log-contention-shared", "worker-timeout-blocking", "worker-kill-recovery"} {
		all = append(all, recorded("testdata/"+name+".hangtime"))
	}
	return all
})

// mutate spoils a history as a broken file, a torn run or a strange kernel might: records are lost, come twice,
// change places, tell of other times and other pids.
func mutate(records []history.Record, r *rand.Rand) []history.Record {
	all := slices.Clone(records)
	for range 1 + r.IntN(60) {
		if len(all) < 3 {
			break
		}
		i, j := r.IntN(len(all)), r.IntN(len(all))
		switch r.IntN(7) {
		case 0:
			n := min(1+r.IntN(200), len(all)-i)
			all = slices.Delete(all, i, i+n)
		case 1:
			all = slices.Insert(all, j, all[i])
		case 2:
			all[i], all[j] = all[j], all[i]
		case 3:
			all[i].Event = twist(all[i].Event, r)
		case 4:
			all[i].Event = twist(all[i].Event, r)
			all[j].Event = all[i].Event
		case 5:
			at := all[i].At
			for k := i; k < len(all); k++ { // a pause, in which nothing is recorded
				all[k].At += at / 2
			}
		case 6:
			all[j].Event = disorder(r.Uint64(), 1)[0].Event
		}
	}
	at := time.Duration(0)
	for i := range all {
		at = max(at, all[i].At) // the recorder never goes back
		all[i].At, all[i].Seq = at, uint64(i+1)
	}
	return all
}

// twist changes one number or word of an event, whatever it is.
func twist(ev history.Event, r *rand.Rand) history.Event {
	body, err := json.Marshal(history.Record{Seq: 1, Event: ev})
	if err != nil {
		return ev
	}
	var line map[string]any
	if json.Unmarshal(body, &line) != nil {
		return ev
	}
	fields, ok := line["event"].(map[string]any)
	if !ok || len(fields) == 0 {
		return ev
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	name := names[r.IntN(len(names))]
	switch fields[name].(type) {
	case float64:
		fields[name] = []int64{0, -1, 1, 1 << 40, -(1 << 40), int64(r.IntN(100000))}[r.IntN(6)]
	case string:
		fields[name] = []string{"", "T", "flock", "SIGKILL", "running", "x"}[r.IntN(6)]
	case bool:
		fields[name] = r.IntN(2) == 0
	default:
		delete(fields, name)
	}
	if body, err = json.Marshal(line); err != nil {
		return ev
	}
	var changed history.Record
	if changed.UnmarshalJSON(body) != nil || changed.Event == nil {
		return ev // a number that the field cannot hold
	}
	return changed.Event
}

// FuzzMutatedHistories folds recorded runs that were spoilt: never a panic, and never nonsense.
func FuzzMutatedHistories(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, which uint8) {
		all := kept()
		fold := New(DefaultLimits())
		for i, r := range mutate(all[int(which)%len(all)], rand.New(rand.NewPCG(seed, 3))) {
			fold.Add(r)
			if i%97 == 0 {
				if wrong := sane(fold, r.At); wrong != "" {
					t.Fatalf("record %d (%T): %s", r.Seq, r.Event, wrong)
				}
			}
		}
		if wrong := sane(fold, fold.now); wrong != "" {
			t.Fatal(wrong)
		}
		for _, in := range fold.Incidents() {
			in.Story(fold.now)
			in.Cost.Price()
		}
	})
}

// What is said live, record by record and asked for all the time, is what is said of the file afterwards.
func TestLiveAndReplayAgree(t *testing.T) {
	for _, records := range kept() {
		live := New(DefaultLimits())
		var lines [][]byte
		for i, r := range records {
			live.Add(r)
			if i%50 == 0 {
				live.Workers()
				live.Incidents()
				live.Notices()
			}
			line, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, line)
		}
		replay := New(DefaultLimits())
		for _, line := range lines {
			var r history.Record
			if err := r.UnmarshalJSON(line); err != nil {
				t.Fatal(err)
			}
			replay.Add(r)
		}
		if diff := gocmp.Diff(live.Incidents(), replay.Incidents()); diff != "" {
			t.Error(diff)
		}
		if diff := gocmp.Diff(live.Workers(), replay.Workers()); diff != "" {
			t.Error(diff)
		}
	}
}

// What is seen of different workers at one moment may be recorded in any order.
func TestTheOrderOfIndependentEventsDoesNotMatter(t *testing.T) {
	parts := [][]moment{pool(4), at(5*s, history.FaultAsked{ID: "a/1", Fault: "hold-lock",
		Path: "/tmp/x/async_tasks.log", For: 8 * s}), at(5*s+10*ms, history.FaultInEffect{ID: "a/1", PID: 900})}
	for i := range 4 {
		began := 5*s + time.Duration(20+i*10)*ms
		parts = append(parts, healthy(1+i, 101+i, 1*s, 5*s+50*ms),
			stuck(1+i, 101+i, began, 5*s+100*ms, 8*s, "flock", ""), waits(101+i, began, 5*s+300*ms, 8*s))
	}
	parts = append(parts, at(7*s, signal(101, "SIGABRT"), signal(102, "SIGABRT")),
		at(8*s, history.WorkerGone{PID: 101, Worker: 1, Signal: "SIGABRT"},
			history.WorkerGone{PID: 102, Worker: 2, Code: 1}),
		healthy(3, 103, 8*s, 10*s), healthy(4, 104, 8*s, 10*s),
		at(8100*ms, history.WorkerSeen{PID: 201, Worker: 1, Born: 8100 * ms},
			history.WorkerSeen{PID: 202, Worker: 2, Born: 8100 * ms}),
		healthy(1, 201, 8300*ms, 10*s), healthy(2, 202, 8300*ms, 10*s))
	records := script(parts...)
	want := plain(fold(records))
	if len(want) != 1 || len(want[0].Victims) != 4 {
		t.Fatalf("got %+v, want one incident of four", want)
	}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 9))
		rank := map[int]int{0: 9} // a tick tells what came before it
		for i, p := range r.Perm(4) {
			rank[101+i], rank[201+i] = p, p
		}
		other := slices.Clone(records)
		slices.SortStableFunc(other, func(a, b history.Record) int {
			return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(rank[about(a.Event)], rank[about(b.Event)]))
		})
		for i := range other {
			other[i].Seq = uint64(i + 1)
		}
		if diff := gocmp.Diff(want, plain(fold(other))); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// about is the process that an event is about; 0: none.
func about(ev history.Event) int {
	switch ev := ev.(type) {
	case history.WorkerSample:
		return ev.PID
	case history.ThreadSample:
		return ev.PID
	case history.LockWait:
		return ev.PID
	case history.WorkerGone:
		return ev.PID
	case history.WorkerSeen:
		return ev.PID
	case history.ServerSaid:
		return ev.PID
	}
	return 0
}

// plain are incidents without what may depend on the order: the numbers of records, and who is named first.
func plain(f *Fold) []Incident {
	all := f.Incidents()
	for i := range all {
		all[i].Cause.Evidence = nil
		slices.SortFunc(all[i].Victims, func(a, b Victim) int { return cmp.Compare(a.PID, b.PID) })
	}
	return all
}
