package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// mountable makes a folder of a run whose temporary folder is a link to a path with characters that the kernel's list
// of mounts escapes.
func mountable(t *testing.T, g *Guardian, tmp string) string {
	t.Helper()
	if err := needMount(); err != nil {
		t.Skip(err)
	}
	real := filepath.Join(tmp, `a folder\with	all`)
	link := filepath.Join(tmp, "link")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", link)
	dir, err := g.TempDir()
	if err != nil {
		t.Fatal(err)
	}
	logs := filepath.Join(dir, "one")
	if err := os.Mkdir(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // whatever the code under test believes
		for detach(logs) == nil {
		}
	})
	return logs
}

func TestADiskIsSeenAndTakenAwayBelowALinkToAPathWithSpaces(t *testing.T) {
	for name, takeAway := range map[string]func(*Guardian, disk) error{
		"by the fault itself": func(_ *Guardian, m disk) error { return m.unmount() },
		"by the guardian":     func(g *Guardian, _ disk) error { return g.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			tmp, _ := private(t)
			g := newGuardian(t)
			dir := mountable(t, g, tmp)
			m, err := mountSmall(t.Context(), scenarios.Fault{Kind: "fill-disk", MiB: 1}, dir, g)
			if err != nil {
				t.Fatal(err)
			}
			if err := takeAway(g, m); err != nil {
				t.Error(err)
			}
			if detach(dir) == nil {
				t.Error("the disk was still there")
			}
		})
	}
}

// A mount that cannot be seen, and cannot be taken away either, stays in the journal.
func TestAMountThatIsNotSeenKeepsItsRecord(t *testing.T) {
	tmp, stateHome := private(t)
	g := newGuardian(t)
	dir := mountable(t, g, tmp)
	if _, err := mountOn(dir, g, func() error {
		return nil
	}); err == nil || !strings.Contains(err.Error(), "the kernel shows no mount") {
		t.Errorf("error %v, want that no mount is seen", err)
	}
	files, err := filepath.Glob(filepath.Join(stateHome, "hangtime", "*"+journalSuffix))
	if err != nil || len(files) != 1 {
		t.Fatalf("journals %v, %v; want one", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	_, open, err := readJournal(text)
	if err != nil || len(open) != 2 || open[1].Kind != undoMount {
		t.Errorf("the journal holds %v, %v; want the folder and the mount", open, err)
	}
}
