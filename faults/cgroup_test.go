package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/kernel/cgroup"
)

// fakeHierarchy is a folder with the files of a group of cgroup v2.
func fakeHierarchy(t *testing.T, controllers, given string) hierarchy {
	t.Helper()
	h := hierarchy{Hierarchy: cgroup.Hierarchy{Version: 2}, parent: t.TempDir()}
	for file, text := range map[string]string{"cgroup.controllers": controllers, subtreeControl: given, "cgroup.procs": ""} {
		if err := os.WriteFile(filepath.Join(h.parent, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func TestLookingForAHierarchyChangesNothing(t *testing.T) {
	h := fakeHierarchy(t, "cpu memory\n", "")
	if err := h.usable("cpu"); err != nil {
		t.Error(err)
	}
	if got := readSetting(filepath.Join(h.parent, subtreeControl)); got != "" {
		t.Errorf("%s was written: %q", subtreeControl, got)
	}
	if err := fakeHierarchy(t, "memory\n", "").usable("cpu"); err == nil ||
		!strings.Contains(err.Error(), "needs the cpu controller") {
		t.Errorf("without the controller: %v", err)
	}
	inside := fakeHierarchy(t, "cpu memory\n", "")
	for file, text := range map[string]string{"cgroup.type": "domain\n", "cgroup.procs": "1\n"} {
		if err := os.WriteFile(filepath.Join(inside.parent, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := inside.usable("cpu"); err == nil || !strings.Contains(err.Error(), "a group without processes") {
		t.Errorf("in a group with processes, as a container's root is: %v", err)
	}
}

// What was on before stays on, and so does what a fault of another run needs when this one ends.
func TestAControllerIsGivenForAFaultAndTakenAwayAfterIt(t *testing.T) {
	for _, row := range []struct{ name, given, other, during, atEnd string }{
		{name: "off", during: "+cpu", atEnd: "-cpu"},
		{name: "on", given: "cpu\n", during: "cpu", atEnd: "cpu"},
		{name: "off, and needed by another run meanwhile", other: groupPrefix + "another", during: "+cpu", atEnd: "+cpu"},
		{name: "off, beside a group that is no fault's", other: "web", during: "+cpu", atEnd: "-cpu"},
	} {
		t.Run(row.name, func(t *testing.T) {
			private(t)
			g := newGuardian(t)
			h := fakeHierarchy(t, "cpu memory\n", row.given)
			file := filepath.Join(h.parent, subtreeControl)
			if err := h.give("cpu", g); err != nil {
				t.Fatal(err)
			}
			if got := readSetting(file); got != row.during {
				t.Errorf("written for the fault: %q, want %q", got, row.during)
			}
			if row.other != "" {
				if err := os.Mkdir(filepath.Join(h.parent, row.other), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := g.Close(); err != nil {
				t.Error(err)
			}
			if got := readSetting(file); got != row.atEnd {
				t.Errorf("written at the end: %q, want %q", got, row.atEnd)
			}
		})
	}
}
