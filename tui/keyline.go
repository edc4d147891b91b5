package tui

import "strings"

// A hint is one entry of the key line; it stands for its first action, which a click on it does.
type hint struct {
	actions []action
	does    string // empty: what the binding says
	shown   string // the key of what is no action; empty: those of the actions
}

func hints(actions ...action) []hint {
	var all []hint
	for _, a := range actions {
		all = append(all, hint{actions: []action{a}})
	}
	return all
}

// A spot is where a hint stands in the key line, for clicks.
type spot struct {
	from, to int
	action   action
}

// keyLine lists hints in one line. Those that do not fit are left out, but never the last two: how to see all of
// them, and how to leave.
func (l *look) keyLine(k keys, w int, all []hint) (string, []spot) {
	type entry struct {
		text  string
		width int
		a     action
	}
	var entries []entry
	for _, h := range all {
		var shown []string
		var does action
		if h.shown != "" {
			shown = append(shown, h.shown)
		} else {
			does = h.actions[0]
		}
		for _, a := range h.actions {
			if b := k.get(a); b.Enabled() {
				shown = append(shown, b.Help().Key)
			}
		}
		if len(shown) == 0 {
			continue
		}
		says := h.does
		if says == "" {
			says = k.get(does).Help().Desc
		}
		caps := l.text(strings.Join(shown, "/"))
		entries = append(entries, entry{l.in(keycap, caps) + " " + l.in(dim, says), textWidth(caps) + 1 + len(says), does})
	}
	keep := entries[max(len(entries)-2, 0):]
	room := w - 1
	for _, e := range keep {
		room -= e.width + 2
	}
	var chosen []entry
	for _, e := range entries[:len(entries)-len(keep)] {
		if room -= e.width + 2; room < 0 {
			break
		}
		chosen = append(chosen, e)
	}
	line, at := " ", 1
	var spots []spot
	for _, e := range append(chosen, keep...) {
		line += e.text + "  "
		spots = append(spots, spot{at, at + e.width, e.a})
		at += e.width + 2
	}
	return line, spots
}
