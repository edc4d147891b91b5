package diagnose

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/history"
)

// The recordings in testdata are of real runs, each cut to one variant and to what a diagnosis rests on:
//
//	go test ./diagnose -run '^$' -bench '^BenchmarkCut$' -benchtime 1x -cut run.hangtime -variant shared -from 5s -to 17s -as testdata/name.hangtime
var (
	update  = flag.Bool("update", false, "write the stories anew")
	cut     = flag.String("cut", "", "a recording to cut")
	variant = flag.String("variant", "", "of which variant")
	from    = flag.Duration("from", 0, "records of threads and loads before are left out")
	to      = flag.Duration("to", time.Hour, "and after")
	as      = flag.String("as", "", "where to write it")
)

// recorded reads a recording; one that cannot be read is a mistake of whoever put it there.
func recorded(file string) []history.Record {
	in, err := history.OpenRecording(file)
	if err != nil {
		panic(err)
	}
	defer func() { _ = in.Close() }()
	var all []history.Record
	for {
		r, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			panic(err)
		}
		all = append(all, r)
	}
}

// told is all that a fold says of a history, as text: each state that a worker enters, then each incident's story and price.
func told(records []history.Record) string {
	var text strings.Builder
	f := New(DefaultLimits())
	states := map[int]string{}
	now := time.Duration(0)
	for _, r := range records {
		now = r.At
		f.Add(r)
		for _, w := range f.Workers() {
			is := fmt.Sprintf("worker %d (pid %d) %s", w.Place, w.PID, w.State)
			if w.State == Idle || w.State == Busy {
				is = fmt.Sprintf("worker %d (pid %d) well", w.Place, w.PID)
			}
			if w.State != Booting && states[w.Place] != is {
				states[w.Place] = is
				fmt.Fprintf(&text, "%9.3f %s\n", r.At.Seconds(), is)
			}
		}
	}
	for _, in := range f.Incidents() {
		fmt.Fprintf(&text, "\n#%d %s by %s (%s): %s\n", in.ID, in.Kind, in.Cause.Kind, in.Cause.Confidence,
			in.Cause.Sentence)
		for _, m := range in.Story(now) {
			fmt.Fprintf(&text, "%9.3f %s\n", m.At.Seconds(), m.What)
		}
		for _, p := range in.Cost.Price() {
			fmt.Fprintf(&text, "          %s\n", p)
		}
	}
	return text.String()
}

func TestRecordedRunsAreToldAsTheyWere(t *testing.T) {
	files, err := filepath.Glob("testdata/*.hangtime")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".hangtime"), func(t *testing.T) {
			got := told(recorded(file))
			golden := strings.TrimSuffix(file, ".hangtime") + ".story"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the story has changed (go test ./diagnose -update writes it anew):\n%s", diff)
			}
		})
	}
}

// BenchmarkCut makes a recording small enough to be kept. It measures nothing: this is where go test leaves a tool
// alone that is not asked for.
func BenchmarkCut(t *testing.B) {
	if *cut == "" {
		t.Skip("-cut names no recording")
	}
	out, err := history.Create(*as)
	if err != nil {
		t.Fatal(err)
	}
	var kept []history.Record
	inside := false
	for i, r := range recorded(*cut) {
		begun, is := r.Event.(history.VariantStarted)
		if is {
			inside = begun.Name == *variant
		}
		if ev, ok := lean(r, *from, *to); ok && (i == 0 || inside) {
			kept = append(kept, history.Record{Seq: uint64(len(kept) + 1), At: r.At, Event: ev})
		}
	}
	if err := errors.Join(out.Append(kept), out.Close()); err != nil {
		t.Fatal(err)
	}
}

// lean is an event without what a diagnosis does not read; false: it reads nothing of it.
func lean(r history.Record, from, to time.Duration) (history.Event, bool) {
	within := r.At >= from && r.At <= to
	switch ev := r.Event.(type) {
	case history.Header:
		ev.Text, ev.Host = "", ""
		return ev, true
	case history.LoadWindow, history.LoadStarted:
		return ev, false
	case history.HitWindow:
		ev.Response, ev.Failed, ev.Service = "", "", ""
		return ev, within && len(ev.Errors) > 0
	case history.Hit:
		ev.Detail = ""
		return ev, within && ev.Error != "" && ev.Port != 0
	case history.ThreadSample:
		if ev.Idle {
			ev.Stack, ev.Args = nil, ""
		}
		return ev, within
	case history.WorkerSample, history.Heartbeat, history.Listener, history.Ledger, history.Tick, history.LockWait:
		return ev, within
	}
	return r.Event, true
}
