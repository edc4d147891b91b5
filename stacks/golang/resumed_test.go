package golang

import (
	"errors"
	"slices"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// Whoever looks for the first time has nothing to compare with.
func TestWhatRunsIsToldInTheFirstLook(t *testing.T) {
	p, _ := start(t, build(t, builds["stripped"]))
	look(t, p, func([]stacks.Work) error {
		r, err := Open(p)
		if err != nil {
			return err
		}
		work, err := r.Look()
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(work, func(w stacks.Work) bool {
			return w.Request.Path == "/busy" && w.TID > 0 && isIn(w, "main.spins") && len(w.Frames) > 5
		}) {
			return errors.New("what serves /busy is not seen to run in main.spins")
		}
		return nil
	})
}

func TestWhatAnInterruptionLeftOnAStackIsFound(t *testing.T) {
	p, _ := start(t, build(t, builds["stripped"]))
	look(t, p, func([]stacks.Work) error {
		opened, err := Open(p)
		if err != nil {
			return err
		}
		r := opened.(*reader)
		for _, g := range r.allgs.read(r.allgs.addresses()) {
			calls := r.tracer.interruptions.resumed(&seen{goroutine: g})
			if g.status == running && len(calls) == 1 && calls[0].at == 0 && calls[0].function.name == "main.turns" {
				return nil
			}
		}
		return errors.New("of what runs in main.turns nothing is found on its stack")
	})
}

func TestOfTwoPlacesWhatTheyHaveInCommonIsTold(t *testing.T) {
	calls := func(pcs ...uint64) (all []call) {
		for n, pc := range pcs { // each function has 256 bytes of code and a frame of 16 bytes
			all = append(all, call{site: &site{function: function{entry: pc &^ 0xff}}, pc: pc, end: -16 * (len(pcs) - 1 - n)})
		}
		return all
	}
	for name, row := range map[string]struct{ a, b, want []call }{
		"the same":                       {calls(0x301, 0x201, 0x101), calls(0x301, 0x201, 0x101), calls(0x301, 0x201, 0x101)},
		"two places of one function":     {calls(0x302, 0x101), calls(0x301, 0x101), calls(0x302, 0x101)},
		"one has called another":         {calls(0x401, 0x302, 0x101), calls(0x301, 0x101), calls(0x302, 0x101)},
		"two functions of one":           {calls(0x401, 0x101), calls(0x301, 0x101), calls(0x101)},
		"two places, and further inside": {calls(0x401, 0x302, 0x101), calls(0x401, 0x301, 0x101), calls(0x302, 0x101)},
	} {
		got := outer(row.a, row.b)
		if !slices.EqualFunc(got, row.want, func(a, b call) bool { return a.pc == b.pc && a.end == b.end }) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
