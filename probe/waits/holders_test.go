package waits

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

func TestOnlyOthersLocksKeepAWaitGoing(t *testing.T) {
	lock := func(class string, pid int, write bool) proc.Lock {
		return proc.Lock{Class: class, Write: write, PID: pid, Device: "fe:00", Inode: 7, To: proc.EndOfFile}
	}
	waits := func(l proc.Lock, from, to uint64) proc.Lock {
		l.Waits, l.From, l.To = true, from, to
		return l
	}
	part := func(l proc.Lock, from, to uint64) proc.Lock {
		l.From, l.To = from, to
		return l
	}
	const me, other = 11, 12
	for _, row := range []struct {
		name string
		all  []proc.Lock
		want proc.Lock
		own  []proc.Lock // of the open file that waits
		out  []proc.Lock
	}{
		{"another's", []proc.Lock{lock("POSIX", other, true)}, lock("POSIX", me, true), nil,
			[]proc.Lock{lock("POSIX", other, true)}},
		{"a process that has it to read waits to write",
			[]proc.Lock{lock("POSIX", me, false), lock("POSIX", other, false)}, lock("POSIX", me, true),
			[]proc.Lock{lock("POSIX", me, false)}, []proc.Lock{lock("POSIX", other, false)}},
		{"the same by another open file of its own", []proc.Lock{lock("POSIX", me, false), lock("POSIX", other, false)},
			lock("POSIX", me, true), nil, []proc.Lock{lock("POSIX", other, false)}},
		{"one of this process's open file descriptions keeps its own fcntl lock waiting",
			[]proc.Lock{lock("OFDLCK", -1, true)}, lock("POSIX", me, true), []proc.Lock{lock("OFDLCK", -1, true)},
			[]proc.Lock{lock("OFDLCK", -1, true)}},
		{"an open file that has it to read, beside one that reads the same",
			[]proc.Lock{lock("OFDLCK", -1, false), lock("OFDLCK", -1, false)}, lock("OFDLCK", -1, true),
			[]proc.Lock{lock("OFDLCK", -1, false)}, []proc.Lock{lock("OFDLCK", -1, false)}},
		{"flock by the same process's other open file: it waits for itself", []proc.Lock{lock("FLOCK", me, true)},
			lock("FLOCK", me, true), nil, []proc.Lock{lock("FLOCK", me, true)}},
		{"flock by the open file that waits", []proc.Lock{lock("FLOCK", me, false), lock("FLOCK", other, false)},
			lock("FLOCK", me, true), []proc.Lock{lock("FLOCK", me, false)},
			[]proc.Lock{lock("FLOCK", other, false)}},
		{"flock and fcntl do not see each other", []proc.Lock{lock("FLOCK", other, true)},
			lock("POSIX", me, true), nil, nil},
		{"other bytes than the list says are wanted",
			[]proc.Lock{part(lock("POSIX", other, true), 0, 9), part(lock("POSIX", 13, true), 10, 19),
				waits(lock("POSIX", me, true), 15, 15)},
			lock("POSIX", me, true), nil, []proc.Lock{part(lock("POSIX", 13, true), 10, 19)}},
		{"others who wait", []proc.Lock{waits(lock("POSIX", other, true), 0, 9)}, lock("POSIX", me, true), nil, nil},
	} {
		if got := blockers(row.all, row.want, row.own); !slices.Equal(got, row.out) {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.out)
		}
	}
}

// One that took a lock, lives, and has it no more is not among its holders; one whose descriptors may not be read may
// still have it.
func TestACreatorThatHasTheLockNoMoreIsNoHolder(t *testing.T) {
	const creator, heir = 5000011, 5000012
	row := fmt.Sprintf("lock:\t1: FLOCK  ADVISORY  WRITE %d fe:00:7 0 EOF\n", creator)
	for _, closed := range []bool{true, false} {
		root := t.TempDir()
		lay := func(pid int, name, text string) {
			t.Helper()
			path := filepath.Join(root, fmt.Sprint(pid), name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		lay(creator, "stat", fmt.Sprintf("%d (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", creator))
		lay(creator, "cmdline", "gunicorn: master\x00")
		lay(heir, "cmdline", "gunicorn: worker\x00")
		lay(heir, "fdinfo/3", "flags:\t02\nmnt_id:\t29\n"+row)
		if err := os.MkdirAll(filepath.Join(root, fmt.Sprint(heir), "fd"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/srv/lock", filepath.Join(root, fmt.Sprint(heir), "fd/3")); err != nil {
			t.Fatal(err)
		}
		if closed {
			if err := os.MkdirAll(filepath.Join(root, fmt.Sprint(creator), "fd"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		finder := holders{proc.FS(root), map[holderKey]foundHolders{}}
		lock := proc.Lock{Class: "FLOCK", Write: true, PID: creator, Device: "fe:00", Inode: 7, To: proc.EndOfFile}
		var pids []int
		for _, h := range finder.find(lock, lockWaiter{5000013, 3, "/srv/lock"}, nil) {
			pids = append(pids, h.PID)
		}
		want := []int{creator, heir}
		if closed {
			want = []int{heir}
		}
		if !slices.Equal(pids, want) {
			t.Errorf("its descriptors can be read: %v; holders are %v, want %v", closed, pids, want)
		}
	}
}
