package waits

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

func TestWorkersOfOneNamespaceShareAMountTable(t *testing.T) {
	root := t.TempDir()
	for pid, is := range map[string]struct{ namespace, point string }{"1": {"mnt:[1]", "/a"},
		"2": {"mnt:[1]", "/never-read"}, "3": {"mnt:[3]", "/c"}} {
		if err := os.MkdirAll(filepath.Join(root, pid, "ns"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(is.namespace, filepath.Join(root, pid, "ns/mnt")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, pid, "mountinfo"),
			[]byte("21 1 8:1 / "+is.point+" rw - ext4 /dev/sda1 rw\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	table := newMounts(proc.FS(root))
	for _, row := range []struct {
		pid  int
		want string
	}{{1, "/a"}, {2, "/a"}, {3, "/c"}} {
		if got, _ := mountOf(table.of(row.pid), 21); got.Point != row.want {
			t.Errorf("process %d sees %q mounted, want %q", row.pid, got.Point, row.want)
		}
	}
}
