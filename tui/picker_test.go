package tui

import (
	"fmt"
	"testing"
)

// A file of one's own may have the name of a built-in scenario; the cursor still gets past it.
func TestACursorPassesAScenarioOfTheSameName(t *testing.T) {
	p := &picker{all: []Scenario{{Name: "a"}, {Name: "b"}, {Name: "a", File: "/mine/a.yaml"},
		{Name: "c", File: "/mine/c.yaml"}}}
	for i := range p.all {
		if at := p.current(p.shown()); at != i {
			t.Fatalf("the cursor is at %d, want %d", at, i)
		}
		p.move(1)
	}
}

// A click means the row that is drawn there, on every size of the list, and nothing beside it.
func TestAClickOnTheListSelectsWhatIsDrawnThere(t *testing.T) {
	for _, size := range []struct{ w, h int }{{80, 24}, {120, 35}, {160, 12}} {
		m := homeModel(size.w, size.h)
		list := &m.on.(*homeScreen).list
		list.all = nil
		for i := range 40 {
			list.all = append(list.all, Scenario{Name: fmt.Sprintf("scenario-%02d", i), Text: "name: x\n"})
		}
		list.selected = list.all[20].named()
		s := list.shape(list.shown(), 20, size.w, size.h-m.bars())
		if m.click(5, 2); list.selected != list.all[s.from].named() {
			t.Errorf("%v: a click on the first row selects %v, want %d", size, list.selected, s.from)
		}
		was := list.selected
		for _, at := range []struct{ x, y int }{{5, 1}, {5, s.h}, {s.w, 2}, {s.w + 3, 3}} {
			if at.x < size.w || !s.wide {
				if cmd := m.click(at.x, at.y); cmd != nil || list.selected != was || list.choice != (Choice{}) {
					t.Errorf("%v: a click at %v beside the list selects %v and chooses %v", size, at, list.selected,
						list.choice)
				}
			}
		}
	}
}
