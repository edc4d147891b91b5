package probe

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// recorded lays out a recorded /proc in a new folder. Its process numbers are above any that a kernel gives, so that
// none is mistaken for a process of this machine.
func recorded(t *testing.T) (root string, files []string) {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/gunicorn-flock.txtar")
	if err != nil {
		t.Fatal(err)
	}
	root = t.TempDir()
	for _, f := range archive.Files {
		path := filepath.Join(root, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if link, is := strings.CutSuffix(path, ".link"); is {
			err = os.Symlink(strings.TrimSpace(string(f.Data)), link)
			path = link
		} else {
			err = os.WriteFile(path, f.Data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	return root, files
}

// The recorded server.
const (
	recordedArbiter = 5000001
	recordedVictim  = 5000002
	recordedOther   = 5000003
	recordedHolder  = 5000004
)

// lookAt is a few ticks of a watcher at a /proc that stands still. between is called between the first two looks.
func lookAt(t *testing.T, root string, between func()) []history.Record {
	t.Helper()
	rec := history.NewRecorder(time.Now())
	ctx, cancel := context.WithCancel(context.Background())
	w, err := newWatcher(ctx, proc.FS(root), discovery.Target{Arbiter: recordedArbiter}, rec)
	if err != nil {
		cancel()
		return nil // for want of an arbiter
	}
	defer w.close()
	defer cancel()
	now := time.Now()
	for i := range 4 {
		w.tick(ctx, now.Add(time.Duration(i)*sampleEvery))
		if i == 2 && between != nil {
			between()
		}
		w.witness.lookAgain(ctx, now.Add(time.Second+time.Duration(i)*sampleEvery), w.roster.workers)
	}
	return rec.Drain(nil)
}

func TestARecordedHangIsSeenAsItWas(t *testing.T) {
	root, _ := recorded(t)
	var thread history.ThreadSample
	var wait history.LockWait
	workers := map[int]bool{}
	for _, r := range lookAt(t, root, nil) {
		switch ev := r.Event.(type) {
		case history.WorkerSeen:
			workers[ev.PID] = true
		case history.ThreadSample:
			if ev.PID == recordedVictim { // the other is looked at too, to prove that it waits for work
				thread = ev
			}
		case history.LockWait:
			wait = ev
		}
	}
	if len(workers) != 2 || !workers[recordedVictim] {
		t.Errorf("workers %v", workers)
	}
	if thread.Syscall != "flock" || !thread.Twice || thread.Idle ||
		!strings.HasSuffix(thread.Args, "→ /srv/app/app.log, LOCK_EX") || len(thread.Stack) == 0 ||
		thread.Stack[0] != "locks_lock_inode_wait" {
		t.Errorf("the thread is %+v", thread)
	}
	if wait.PID != recordedVictim || wait.Path != "/srv/app/app.log" || wait.Device != "fe:00" ||
		len(wait.Holders) != 1 || wait.Holders[0].PID != recordedHolder || !wait.Holders[0].Creator {
		t.Errorf("the wait is %+v", wait)
	}
}

// Whatever is missing, cut off or nonsense, the rest is seen, and what is recorded can be written down.
func TestABrokenProcStopsNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	breaks := map[string]func(path string) error{
		"missing": os.RemoveAll,
		"empty":   func(path string) error { return replace(path, nil) },
		"noise":   func(path string) error { return replace(path, noise) },
		"half": func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return os.RemoveAll(path)
			}
			return replace(path, text[:len(text)/2])
		},
		"a folder": func(path string) error {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o755)
		},
		"another process": func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return os.RemoveAll(path)
			}
			return replace(path, []byte(strings.NewReplacer("1", "9", "S", "R").Replace(string(text))))
		},
	}
	_, names := recorded(t)
	hows := slices.Sorted(maps.Keys(breaks))
	for i := range names {
		how := hows[i%len(hows)]
		root, files := recorded(t)
		between := func() {
			if err := breaks[how](files[i]); err != nil {
				t.Fatal(err)
			}
		}
		if i/len(hows)%2 == 0 { // there from the beginning; else it breaks between two looks
			between()
			between = nil
		}
		seen, sampled := map[int]bool{}, map[int]bool{}
		for _, r := range lookAt(t, root, between) {
			switch ev := r.Event.(type) {
			case history.WorkerSeen:
				seen[ev.PID] = true
			case history.WorkerSample:
				sampled[ev.PID] = true
			}
			if _, err := json.Marshal(r); err != nil {
				t.Errorf("%s is %s: %v", files[i], how, err)
			}
			if s, ok := r.Event.(history.ThreadSample); ok && s.Still < 0 {
				t.Errorf("%s is %s: still for %v", files[i], how, s.Still)
			}
		}
		for _, pid := range []int{recordedVictim, recordedOther} {
			if of := owner(files[i], root); of != recordedArbiter && of != pid && !(seen[pid] && sampled[pid]) {
				t.Errorf("%s is %s: worker %d is seen: %v, sampled: %v", files[i], how, pid, seen[pid], sampled[pid])
			}
		}
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
	}
}

// owner is whose file of /proc this is; 0: nobody's.
func owner(file, root string) int {
	first, _, _ := strings.Cut(strings.TrimPrefix(file, root+"/"), "/")
	pid, _ := strconv.Atoi(first)
	return pid
}

func replace(path string, text []byte) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
