package waits

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// Whose session a connection of PostgreSQL is, its title says, whoever may look at its sockets.
func TestASessionIsFoundByItsTitle(t *testing.T) {
	root := t.TempDir()
	for pid, cmdline := range map[string]string{
		"11": "postgres: app shop 127.0.0.1(40812) SELECT waiting\x00",
		"12": "postgres: 15/main: app shop 127.0.0.1(4081) idle in transaction\x00",
		"13": "postgres: app shop ::1(40813) UPDATE\x00",
		"14": "vim\x00notes about 127.0.0.1(40814) here\x00",
		"15": "postgres: app shop 127.0.0.1(40815) idle\x00",
		"16": "postgres: app shop 127.0.0.1(40815) idle\x00",
	} {
		if err := os.MkdirAll(filepath.Join(root, pid), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, pid, "cmdline"), []byte(cmdline), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for client, want := range map[string]int{
		"127.0.0.1:40812": 11, "127.0.0.1:4081": 12, "[::1]:40813": 13, "[::ffff:127.0.0.1]:40812": 11,
		"127.0.0.1:40814": 0, // no title
		"127.0.0.1:40815": 0, // two say so
		"127.0.0.1:408":   0,
	} {
		if got := titledFor(proc.FS(root), netip.MustParseAddrPort(client)); got != want {
			t.Errorf("%s: got %d, want %d", client, got, want)
		}
	}
}
