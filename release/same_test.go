//go:build prove

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The same commit gives the same bytes, wherever its clone is.
func TestTheSameCommitGivesTheSameFiles(t *testing.T) {
	elsewhere, again := filepath.Join(t.TempDir(), "another", "place"), filepath.Join(t.TempDir(), "dist")
	output(t, "git", "clone", "--quiet", clone, elsewhere)
	if err := release(elsewhere, again, "linux/amd64"); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(filepath.Join(again, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for line := range strings.Lines(string(second)) {
		if strings.HasSuffix(line, "_oci.tar\n") {
			continue // the first is for another machine too
		}
		same++
		if !strings.Contains(string(first), line) {
			t.Errorf("another time it was not\n%s", line)
		}
	}
	if same != 5 {
		t.Errorf("%d files were compared, want 5:\n%s", same, second)
	}
}
