package proc

import (
	"maps"
	"slices"
	"testing"
)

// A call that is read closer must have a number, or nothing ever comes to be read.
func TestCallsThatAreReadCloserHaveNumbers(t *testing.T) {
	for _, name := range slices.Concat(pathCalls, descriptorCalls) {
		if !slices.Contains(slices.Collect(maps.Values(callNames)), name) &&
			!slices.Contains(slices.Collect(maps.Values(archCallNames)), name) {
			t.Errorf("no number is known of %s", name)
		}
	}
	if name := (Call{Number: 262}).Name(); name != "newfstatat" { // what glibc's stat is
		t.Errorf("262 is %q", name)
	}
}
