package schedule

import (
	"math"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

func TestEveryScheduleHoldsItsOrder(t *testing.T) {
	s := time.Second
	shaped := func(shape Shape) Schedule {
		made, _, err := shape.Schedule(1)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	var log []Moment
	for i := range 5000 {
		log = append(log, Moment{At: int64(i*7919%60) * int64(s), Fine: i%3 == 0, Target: uint32(i % 4)})
	}
	again, _ := Replay(log, 3, 0)
	for name, one := range map[string]Schedule{
		"constant":    shaped(Shape{Rate: 100}),
		"a pause":     Constant(0),
		"a ramp":      shaped(Shape{Name: "ramp", Rate: 0.001, To: 100, Over: 10 * s}),
		"a ramp down": shaped(Shape{Name: "ramp", Rate: 100, To: 20, From: 2 * s, Over: 4 * s}),
		"a spike":     shaped(Shape{Name: "spike", Rate: 10, To: 1000, From: 2 * s, Over: s}),
		"steps with a pause": shaped(Shape{Name: "step",
			Steps: []scenarios.Step{{Rate: 10, For: s}, {Rate: 0, For: 2 * s}, {Rate: 5, For: s}}}),
		"a sine":           shaped(Shape{Name: "sine", Rate: 100, To: 200, Over: 10 * s}),
		"a sine by chance": shaped(Shape{Name: "sine", Rate: 100, To: 200, Over: 10 * s, Arrivals: "poisson"}),
		"a mix": Mix([]Share{{shaped(Shape{Rate: 75}), []uint32{0}},
			{shaped(Shape{Name: "poisson", Rate: 25}), []uint32{1}}, {Constant(0), []uint32{2}}}),
		"a replay":               again,
		"users of a closed loop": Users(3, s),
	} {
		t.Run(name, func(t *testing.T) { holdsOrder(t, one) })
	}
}

// holdsOrder is what is true of every schedule: it does not fall, and the same hit has the same moment whenever it is
// asked for.
func holdsOrder(t *testing.T, s Schedule) {
	t.Helper()
	var all []time.Duration
	last := time.Duration(0)
	for n := range uint64(5000) {
		due := s.Due(n)
		if due < last {
			t.Fatalf("hit %d is due at %v, before hit %d at %v", n, due, n-1, last)
		}
		last = due
		all = append(all, due)
	}
	for n := uint64(4999); n > 1; n = n * 3 / 4 {
		if due := s.Due(n); due != all[n] {
			t.Fatalf("hit %d was due at %v, and now at %v", n, all[n], due)
		}
	}
}

func TestPoissonArrivalsAreRandomWithTheRightMean(t *testing.T) {
	s := newPoisson(constant{1000}, 7)
	holdsOrder(t, s)
	// Counts in 10 ms have mean 10, and a variance as large as their mean: that is what makes them Poisson's.
	counts := make([]float64, 2000)
	n := uint64(0)
	for ; s.Due(n) < 20*time.Second; n++ {
		counts[s.Due(n)/(10*time.Millisecond)]++
	}
	mean := float64(n) / float64(len(counts))
	variance := 0.0
	for _, c := range counts {
		variance += (c - mean) * (c - mean) / float64(len(counts))
	}
	if math.Abs(mean-10) > 0.3 || variance/mean < 0.85 || variance/mean > 1.15 {
		t.Errorf("mean %.2f, variance over mean %.2f; want 10 and 1", mean, variance/mean)
	}
	if again := newPoisson(constant{1000}, 7); again.Due(4321) != s.Due(4321) {
		t.Error("the same seed gives other moments")
	}
	if other := newPoisson(constant{1000}, 8); other.Due(4321) == s.Due(4321) {
		t.Error("another seed gives the same moments")
	}
}

// The share of a small attack in a mix is kept as finely as the cycle of targets allows.
func TestASmallShareStaysSmall(t *testing.T) {
	if got := Weights([]float64{4999, 1}); got[0] != 9998 || got[1] != 2 {
		t.Errorf("got %v, want 9998 and 2 of 10000", got)
	}
}

func TestARotationSpreadsByWeight(t *testing.T) {
	for _, c := range []struct{ weights, want []int }{
		{[]int{1}, []int{0}},
		{[]int{1, 1, 1}, []int{0, 1, 2}},
		{[]int{2, 1}, []int{0, 1, 0}},
		{[]int{4, 2, 2}, []int{0, 1, 2, 0}},
	} {
		got := Rotation(c.weights)
		if len(got) != len(c.want) {
			t.Errorf("%v: %v, want %v", c.weights, got, c.want)
			continue
		}
		for i := range got {
			if int(got[i]) != c.want[i] {
				t.Errorf("%v: %v, want %v", c.weights, got, c.want)
				break
			}
		}
	}
}

// Users come back in the order in which they were answered, each once.
func TestACrowdSendsAsItIsAnswered(t *testing.T) {
	c := NewCrowd(3, 30*time.Millisecond, time.Second)
	for i := range 3 {
		if got, want := c.Next(), time.Second+time.Duration(i)*10*time.Millisecond; got != want {
			t.Errorf("user %d sends first at %v, want %v", i, got, want)
		}
		c.Take()
	}
	if c.Next() != Never {
		t.Error("one sends while all wait")
	}
	c.Back(2 * time.Second)
	c.Back(3 * time.Second)
	if got := c.Next(); got != 2030*time.Millisecond {
		t.Errorf("the first to be answered sends at %v", got)
	}
}

// With many targets the cycle is made in another way, in which each has its share too.
func TestEachOfManyTargetsHasItsShare(t *testing.T) {
	weights := make([]int, 20_000)
	for i := range weights {
		weights[i] = 1 + i%3
	}
	cycle := Rotation(weights)
	if len(cycle)*len(weights) <= mostTurns {
		t.Fatal("these are not many")
	}
	got := make([]int, len(weights))
	for _, target := range cycle {
		got[target]++
	}
	for i, n := range got {
		if want := max(int(float64(weights[i])*10_000/40_000), 1); n != want {
			t.Fatalf("target %d of weight %d has %d turns, want %d", i, weights[i], n, want)
		}
	}
}
