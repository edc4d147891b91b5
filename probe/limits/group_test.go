package limits

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/cgroup"
)

// A memory limit for the whole server often takes two workers in the same moment: each of the kernel's kills is the end
// of one.
func TestEachKillForMemoryIsOneWorkersEnd(t *testing.T) {
	one := &group{Group: cgroup.Group{Path: "/a", Memory: t.TempDir(), Unified: true}}
	kills := func(n int) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(one.Memory, "memory.events"),
			fmt.Appendf(nil, "low 0\noom %d\noom_kill %d\n", n, n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Unix(1000, 0)
	kills(7)
	one.refresh(now)
	asked := func(after time.Duration, want bool) {
		t.Helper()
		now = now.Add(after)
		if got := one.killed(now); got != want {
			t.Errorf("killed for memory: %v, want %v", got, want)
		}
	}
	asked(time.Second, false) // those before
	kills(9)
	asked(time.Second, true)
	asked(10*time.Millisecond, true)
	asked(10*time.Millisecond, false) // the third was killed by someone else
	kills(10)
	one.refresh(now)
	asked(killCounts+time.Second, false) // that was another process of the group
	asked(time.Millisecond, false)
}
