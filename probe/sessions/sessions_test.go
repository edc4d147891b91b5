package sessions

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe/waits"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A fake is a database that says what it is told to, when it is told to.
type fake struct {
	port  uint16
	says  chan []history.Session
	asked chan []string
}

func (f *fake) Name() string   { return "fake" }
func (f *fake) System() string { return "Redis" }
func (f *fake) Port() uint16   { return f.port }
func (f *fake) Close()         {}
func (f *fake) Sessions(ctx context.Context) ([]history.Session, error) {
	select {
	case all := <-f.says:
		if all == nil {
			return nil, errors.New("too many clients")
		}
		return all, nil
	case <-ctx.Done():
		return nil, errors.New("it does not answer")
	}
}

func (f *fake) Keys(_ context.Context, names []string) ([]history.Key, error) {
	f.asked <- names
	return []history.Key{{Name: names[0], Age: 5 * time.Second}}, nil
}

// TestWhatADatabaseSaysIsRecordedWithWhoIsAtTheOtherEnd: this very process is connected to a port, and so suspect.
func TestWhatADatabaseSaysIsRecordedWithWhoIsAtTheOtherEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	mine, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	db := &fake{port: uint16(l.Addr().(*net.TCPAddr).Port), says: make(chan []history.Session, 1), asked: make(chan []string, 1)}
	finder := waits.New("/proc", "", func(what string, err error) { t.Errorf("%s: %v", what, err) })
	defer finder.Close()
	rec := history.NewRecorder(time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	r := New(finder, rec, []Database{db})
	defer r.Close()
	defer cancel()

	told := func() history.Sessions {
		t.Helper()
		r.all[0].answers <- <-r.all[0].answers // it has come
		r.Take(ctx)
		all := rec.Drain(nil)
		if len(all) == 0 {
			t.Fatal("nothing was recorded")
		}
		return all[len(all)-1].Event.(history.Sessions)
	}
	r.Take(ctx) // asks whether it answers, and records nothing where it does
	db.says <- []history.Session{{ID: 1}}
	r.all[0].answers <- <-r.all[0].answers
	if r.Take(ctx); len(rec.Drain(nil)) > 0 {
		t.Error("something was recorded although nobody is suspect")
	}
	now := time.Now()
	suspect := func(at time.Time, pid int, keys ...string) {
		r.Suspect(at, pid, keys, waits.Server{})
		r.Ask(ctx, at)
	}
	suspect(now, os.Getpid(), "stock")
	suspect(now, os.Getpid(), "stock") // is not asked twice
	db.says <- []history.Session{
		{ID: 1, Client: "10.0.0.9:1", State: "idle", Connected: 9 * time.Second},
		{ID: 2, Client: mine.LocalAddr().String(), State: "active", Waits: "a row", Blockers: []uint64{3, 99}, Connected: 9 * time.Second},
		{ID: 3, Client: "10.0.0.9:3", State: "idle in transaction"},
	}
	if names := <-db.asked; len(names) != 1 || names[0] != "stock" {
		t.Errorf("asked for the keys %q", names)
	}
	got := told()
	if got.All[0].Peer.Command == "" {
		t.Errorf("no command of %+v", got.All[0].Peer)
	}
	got.All[0].Peer.Command = ""
	want := history.Sessions{Database: "fake", System: "Redis", All: []history.Session{
		{ID: 2, Client: mine.LocalAddr().String(), Peer: history.Peer{PID: os.Getpid()}, State: "active", Waits: "a row",
			Blockers: []uint64{3, 99}, Connected: 9 * time.Second},
		{ID: 3, Client: "10.0.0.9:3", State: "idle in transaction"},
	}, Keys: []history.Key{{Name: "stock", Age: 5 * time.Second, Since: 1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	suspect(now.Add(every/2), os.Getpid())
	if r.all[0].waits {
		t.Error("it was asked again half a second later")
	}
	suspect(now.Add(every/2), os.Getpid(), "another")
	db.says <- []history.Session{{ID: 1}}
	if names := <-db.asked; !slices.Contains(names, "another") {
		t.Errorf("asked for the keys %q", names)
	}
	told()
	suspect(now.Add(every), os.Getpid(), "a third")
	if r.all[0].waits {
		t.Error("it was asked three times within two seconds")
	}
	db.says <- nil
	suspect(now.Add(2*every), os.Getpid())
	r.all[0].answers <- <-r.all[0].answers
	r.Take(ctx)
	all := rec.Drain(nil)
	if len(all) != 2 {
		t.Fatalf("recorded: %+v", all)
	}
	if got := all[0].Event.(history.Trouble); got.Text != "fake cannot be asked: too many clients" || got.Voids() {
		t.Errorf("%+v", got)
	}
	if got := all[1].Event.(history.Sessions); got.Trouble != "too many clients" || len(got.All) > 0 {
		t.Errorf("%+v", got)
	}
	suspect(now.Add(4*every), 1) // which is not connected to it
	if len(db.says) > 0 || r.all[0].waits {
		t.Error("it was asked of a process that is not connected to it")
	}
	suspect(now.Add(4*every), os.Getpid()) // it ends unanswered, when ctx does
}

func TestTheMostConcernedAreRecorded(t *testing.T) {
	var all []history.Session
	for id := range uint64(2 * most) {
		s := history.Session{ID: id + 1}
		if id >= most {
			s.Waits, s.Blockers = "a row", []uint64{id + 1 - most}
		}
		all = append(all, s)
	}
	got := concerned(all, func(history.Session) int { return 0 })
	if len(got) != most || got[0].Waits == "" || got[most-1].Waits == "" {
		t.Errorf("%d, the first %+v", len(got), got[0])
	}
}
