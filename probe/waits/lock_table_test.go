package waits

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

func TestTheLocksAreThoseOfAMomentAgo(t *testing.T) {
	root := t.TempDir()
	has := func(text string) {
		if err := os.WriteFile(filepath.Join(root, "locks"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table := lockTable{fs: proc.FS(root)}
	count := func() int {
		all, err := table.read()
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	has("1: FLOCK  ADVISORY  WRITE 7 fe:00:9 0 EOF\n")
	if n := count(); n != 1 {
		t.Fatalf("%d locks, want 1", n)
	}
	has("")
	table.at = time.Now().Add(time.Hour) // no test may take so long that it is not of a moment ago
	if n := count(); n != 1 {
		t.Errorf("%d locks a moment later, want the one that was read", n)
	}
	table.at = time.Now().Add(-lockLife)
	if n := count(); n != 0 {
		t.Errorf("%d locks after their time, want 0", n)
	}
}
