package threads

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/bpf"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// laidOut is a /proc with one process of n threads, whose accounts all read the same.
func laidOut(t *testing.T, n int, account string) proc.FS {
	t.Helper()
	root := t.TempDir()
	for tid := 1; tid <= n; tid++ {
		dir := filepath.Join(root, "1/task", strconv.Itoa(tid))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "schedstat"), []byte(account), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return proc.FS(root)
}

func TestAThreadThatEndsWhileItIsLookedForLeavesNoFileOpen(t *testing.T) {
	root := laidOut(t, 3, "") // as the account of a thread that is gone reads
	all := &Process{fs: root, PID: 1}
	all.list(time.Now())
	if len(all.Threads) != 0 {
		t.Errorf("%d threads", len(all.Threads))
	}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if link, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.HasPrefix(link, string(root)) {
			t.Errorf("%s is open", link)
		}
	}
}

func TestMoreThreadsThanAreLookedAtAreNotListedAtEveryTick(t *testing.T) {
	all := &Process{fs: laidOut(t, maxThreads+3, "1 2 3\n"), PID: 1}
	defer all.close()
	all.list(time.Now())
	if all.Counted(maxThreads + 3); all.listed.IsZero() {
		t.Error("their number is as it was, and they are looked for anew")
	}
	if all.Counted(maxThreads - 1); !all.listed.IsZero() {
		t.Error("there are fewer, and they are not looked for anew")
	}
}

// TestThreadsAreLookedForAnewWhereOneRan: only such a one can have made others.
func TestThreadsAreLookedForAnewWhereOneRan(t *testing.T) {
	root := laidOut(t, 1, "1 0 1\n")
	write := func(tid, account string) {
		dir := filepath.Join(string(root), "1/task", tid)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "schedstat"), []byte(account), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all := &Process{fs: root, PID: 1}
	defer all.close()
	now := time.Now()
	for i, step := range []struct {
		name        string
		ran, others string // what is written before: the first thread's account, another thread
		want        int
	}{
		{"the first look", "1 0 1\n", "", 1},
		{"it is made known that the first was new", "1 0 1\n", "", 1},
		{"nothing ran since, and still there is another", "1 0 1\n", "2", 1},
		{"the first ran", "2 0 2\n", "", 1},
		{"which shows a second later", "2 0 2\n", "", 2},
	} {
		write("1", step.ran)
		if step.others != "" {
			write(step.others, "1 0 1\n")
		}
		if all.refresh(now.Add(time.Duration(i) * relist)); len(all.Threads) != step.want {
			t.Errorf("%s: %d threads, want %d", step.name, len(all.Threads), step.want)
		}
	}
}

func TestTakeTellsWhoRanWhoIsNewAndWhoEnded(t *testing.T) {
	row := func(tid int, ran time.Duration) bpf.ThreadRow {
		return bpf.ThreadRow{PID: 1, TID: tid, Account: proc.Schedstat{Ran: ran, Runs: 1}}
	}
	all := &Process{fs: "/nonexistent", PID: 1}
	now := time.Now()
	for _, step := range []struct {
		name       string
		rows       []bpf.ThreadRow
		ran, moved bool
		tids       []int
		sum        time.Duration
	}{
		{"the first look", []bpf.ThreadRow{row(1, 5), row(4, 7)}, true, false, []int{1, 4}, 12},
		{"nothing ran", []bpf.ThreadRow{row(1, 5), row(4, 7)}, false, false, []int{1, 4}, 12},
		{"one ran", []bpf.ThreadRow{row(1, 5), row(4, 9)}, true, true, []int{1, 4}, 14},
		{"a new one between the others", []bpf.ThreadRow{row(1, 5), row(2, 1), row(4, 9)}, true, true, []int{1, 2, 4}, 15},
		{"the one in the middle ended", []bpf.ThreadRow{row(1, 5), row(4, 9)}, true, false, []int{1, 4}, 15},
		{"the last ended and one came", []bpf.ThreadRow{row(1, 5), row(9, 2)}, true, true, []int{1, 9}, 17},
		{"all ended", nil, true, false, nil, 17},
	} {
		now = now.Add(100 * time.Millisecond)
		all.take(now, step.rows)
		ran, moved := all.Ran, all.Mattered
		var tids []int
		for _, one := range all.Threads {
			tids = append(tids, one.TID)
		}
		if ran != step.ran || moved != step.moved || !slices.Equal(tids, step.tids) || all.CPU() != step.sum {
			t.Errorf("%s: ran %v, moved %v, threads %v, together %v", step.name, ran, moved, tids, all.CPU())
		}
	}
}

// The first thread of Java's launcher waits for the end of main() for life, and so does none of any other program.
func TestTheFirstThreadOfJavasLauncherKeepsHouse(t *testing.T) {
	for _, java := range []bool{true, false} {
		p := &Process{PID: 7, Java: java, Threads: []*Thread{{TID: 9}, {TID: 7}, {TID: 8}}}
		p.sort()
		for _, one := range p.Threads {
			if want := java && one.TID == 7; one.Housekeeping != want {
				t.Errorf("Java %v: thread %d keeps house: %v, want %v", java, one.TID, one.Housekeeping, want)
			}
		}
	}
}
