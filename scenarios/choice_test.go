package scenarios

import (
	"strings"
	"testing"
)

func TestOneVariantAlone(t *testing.T) {
	for _, name := range Names() {
		all, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range all.Scenario.Variants {
			one, err := OpenAs(name, Choice{Quick: true, Variant: v.Name, Set: []string{"load.rate=7/s"}})
			if err != nil {
				t.Errorf("%s, %s: %v", name, v.Name, err)
				continue
			}
			if len(one.Scenario.Variants) != 1 || one.Scenario.Variants[0].Name != v.Name || one.Scenario.Load.Rate.String() != "7/s" {
				t.Errorf("%s, %s: got %+v at %v", name, v.Name, one.Scenario.Variants, one.Scenario.Load.Rate)
			}
			with, err := OpenAs(name, Choice{Quick: true, Set: []string{"load.rate=7/s"}})
			if err != nil {
				t.Fatal(err)
			}
			want, err := with.Variant(i)
			if err != nil {
				t.Fatal(err)
			}
			got, err := one.Variant(0)
			if err != nil {
				t.Fatal(err)
			}
			if got.Server.Address != want.Server.Address || len(got.Checks) != len(want.Checks) || len(got.Faults) != len(want.Faults) {
				t.Errorf("%s, %s: it runs otherwise than among the others", name, v.Name)
			}
		}
	}
}

func TestAVariantThatIsNoneIsToldWithThoseThatAre(t *testing.T) {
	_, err := OpenAs("log-contention", Choice{Variant: "shard"})
	if err == nil || !strings.Contains(err.Error(), `--variant "shard": scenario log-contention has no such variant; it has shared, per-pid`) {
		t.Errorf("%v", err)
	}
	_, err = OpenAs("log-contention", Choice{Set: []string{"no-value", "also none"}, Variant: "shared"})
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("both are to be told: %v", err)
	}
}
