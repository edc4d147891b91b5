package faults

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// What a scenario may ask for can be done, and nothing else can.
func TestEachKindOfFaultHasARowOnBothSides(t *testing.T) {
	var asked []string
	for _, k := range scenarios.FaultKinds() {
		asked = append(asked, k.Name)
		needs := k.Needs == scenarios.NeedsDisk || k.Needs == scenarios.NeedsOutput
		if lays := kinds()[k.Name].lay != nil; needs && !lays {
			t.Errorf("%s needs something that is laid before the server starts, and lays nothing", k.Name)
		}
	}
	slices.Sort(asked)
	if diff := cmp.Diff(asked, slices.Sorted(maps.Keys(kinds()))); diff != "" {
		t.Errorf("rows of scenarios and of faults (-asked +done):\n%s", diff)
	}
}

func TestEachMendingSaysWhatItDoes(t *testing.T) {
	for name, m := range mendings {
		u := undo{ID: "x", Kind: name, process: process{PID: 7}, Path: "/some/path"}
		if m.mend == nil || m.says == nil || !strings.ContainsAny(u.String(), "7/") {
			t.Errorf("%s: %q", name, u)
		}
	}
	unknown := undo{ID: "x", Kind: "of-tomorrow"}
	if err := unknown.mend(); err == nil || !strings.Contains(err.Error(), `kind "of-tomorrow": not known`) {
		t.Errorf("a record of a later version: %v", err)
	}
}

func TestAFaultIsRefusedForAServerThatLacksWhatItNeeds(t *testing.T) {
	for _, row := range []struct{ kind, server, want string }{
		{"kill", scenarios.URL, "no process of the server is known"},
		{"kill", scenarios.Attach, ""},
		{"slow-disk", scenarios.Command, "only be done to the reference server"},
		{"stall-pipe-reader", scenarios.Attach, "only be done to a server that hangtime starts"},
		{"stall-pipe-reader", scenarios.Command, ""},
		{"hold-lock", scenarios.URL, ""},
		{"earthquake", scenarios.Reference, `no fault is called "earthquake"`},
	} {
		err := Possible(scenarios.Fault{Kind: row.kind}, scenarios.Server{Kind: row.server})
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s on %s: %v, want %q", row.kind, row.server, err, row.want)
		}
	}
}
