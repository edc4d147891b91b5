package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheRecordingsOfAPath(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a" + Extension, "a.txt", "x/b" + Extension, "x/001/c" + Extension, "x/001/deep/d" +
		Extension} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Recordings(dir)
	want := []string{filepath.Join(dir, "a"+Extension), filepath.Join(dir, "x", "b"+Extension),
		filepath.Join(dir, "x", "001", "c"+Extension)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("of a folder: %v (-want +got):\n%s", err, diff)
	}
	if got, err := Recordings(want[1]); err != nil || len(got) != 1 || got[0] != want[1] {
		t.Errorf("of a file: %v, %v", got, err)
	}
	if _, err := Recordings(t.TempDir()); err == nil ||
		!strings.Contains(err.Error(), "holds no recording (*"+Extension+")") {
		t.Errorf("of an empty folder: %v", err)
	}
	if _, err := Recordings(filepath.Join(dir, "none")); !os.IsNotExist(err) {
		t.Errorf("of nothing: %v", err)
	}
}
