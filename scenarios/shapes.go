package scenarios

import (
	"cmp"
	"slices"
	"strings"
)

// A Shape is one form of a load over time: the row that says which keys it takes. How its hits are paced is a row of
// package loadgen.
type Shape struct {
	Name  string
	Alone bool   // it has no rate of its own to mix with others: it cannot be in load.mix
	To    string // takes and needs `to`: what to want; empty: it does not take it
	Over  string // needs `over`: what to want; empty: it does not need it
	Takes []string
}

// Shapes are all there are, in the order in which a list shows them.
func Shapes() []Shape {
	return []Shape{
		{Name: "constant"},
		{Name: "poisson"},
		{Name: "ramp", To: "want the rate at the end of the ramp, such as 500/s", Takes: []string{"to", "over", "from"}},
		{Name: "step", Takes: []string{"steps"}},
		{Name: "spike", To: "want the rate of the spike, such as 500/s",
			Over: "want how long the spike lasts, such as 5s", Takes: []string{"to", "over", "from"}},
		{Name: "sine", To: "want the highest rate, such as 300/s", Over: "want the period, such as 30s",
			Takes: []string{"to", "over"}},
		{Name: "closed", Alone: true, Takes: []string{"users", "think"}},
		{Name: "replay", Alone: true, Takes: []string{"log", "speed"}},
	}
}

// ShapeNames are their names, in that order.
func ShapeNames() []string {
	var names []string
	for _, s := range Shapes() {
		names = append(names, s.Name)
	}
	return names
}

// shapeOf is the row of a shape; the empty one is constant, and one that is not known takes no keys.
func shapeOf(name string) Shape {
	name = cmp.Or(name, "constant")
	all := Shapes()
	if i := slices.IndexFunc(all, func(s Shape) bool { return s.Name == name }); i >= 0 {
		return all[i]
	}
	return Shape{Name: name}
}

func (s Shape) takes(key string) bool { return slices.Contains(s.Takes, key) }

// belongs says which shapes take a key: "it belongs to ramp and spike".
func belongs(key string) string {
	var names []string
	for _, s := range Shapes() {
		if s.takes(key) {
			names = append(names, s.Name)
		}
	}
	if n := len(names); n > 1 {
		return "it belongs to " + strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return "it belongs to " + strings.Join(names, "")
}
