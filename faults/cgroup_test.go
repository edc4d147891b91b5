package faults

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeHierarchy is a folder with the files of a group of cgroup v2.
func fakeHierarchy(t *testing.T, controllers, given string) hierarchy {
	t.Helper()
	h := hierarchy{version: 2, parent: t.TempDir()}
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
	if got := read(filepath.Join(h.parent, subtreeControl)); got != "" {
		t.Errorf("%s was written: %q", subtreeControl, got)
	}
	if err := fakeHierarchy(t, "memory\n", "").usable("cpu"); err == nil || !strings.Contains(err.Error(), "needs the cpu controller") {
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

func TestAControllerThatAnotherRunNeedsStaysOn(t *testing.T) {
	private(t)
	g := newGuardian(t)
	h := fakeHierarchy(t, "cpu memory\n", "")
	if err := h.give("cpu", g); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(h.parent, groupPrefix+"another"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if got := read(filepath.Join(h.parent, subtreeControl)); got != "+cpu" {
		t.Errorf("asked of the kernel at the end: %q, want nothing", got)
	}
}

func TestAControllerThatWasOffIsOffAgainAtTheEnd(t *testing.T) {
	private(t)
	g := newGuardian(t)
	h := fakeHierarchy(t, "cpu memory\n", "")
	if err := h.give("cpu", g); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(h.parent, subtreeControl)
	if got := read(file); got != "+cpu" {
		t.Errorf("asked of the kernel: %q, want +cpu", got)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if got := read(file); got != "-cpu" {
		t.Errorf("asked of the kernel at the end: %q, want -cpu", got)
	}
}

func TestAControllerThatWasOnStaysOn(t *testing.T) {
	private(t)
	g := newGuardian(t)
	h := fakeHierarchy(t, "cpu memory\n", "cpu\n")
	if err := h.give("cpu", g); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if got := read(filepath.Join(h.parent, subtreeControl)); got != "cpu" {
		t.Errorf("it was touched: %q", got)
	}
}
