package faults

import (
	"strings"
	"testing"
)

// What could not be mended stays on the list and is told: which record, and why.
func TestWhatCannotBeMendedSaysWhy(t *testing.T) {
	m := undoList{open: []undo{{ID: "7", Kind: "of-tomorrow"}}}
	left := m.mendThose(func(undo) bool { return true })
	if len(left) != 1 || len(m.open) != 1 {
		t.Fatalf("%v left to tell, %v on the list: want one of each", left, m.open)
	}
	if text := left[0].Error(); !strings.HasSuffix(text, `"of-tomorrow": not known to this version of hangtime`) {
		t.Errorf("%q does not say why", text)
	}
}
