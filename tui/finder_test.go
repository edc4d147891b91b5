package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

func TestTheBestMatchIsFirst(t *testing.T) {
	all := []entry{
		{name: "freeze", also: "freeze", key: "space"}, {name: "kill", also: "kill", key: "K", harms: true}, {name: "back", also: "back", key: "esc"},
		{name: "leave", also: "end: quit, exit", key: "q"}, {name: "next-incident", also: "next incident", key: "n"},
		{name: "incident 1", also: "hang of 4 workers, file-lock: blocked in flock on async_tasks.log"},
		{name: "incident 12", also: "crash of 1 worker, killed: SIGKILL"},
		{name: "worker 3", also: "pid 7598, hung, flock async_tasks.log ← pid 7697, GET /pay, take (rows.py:24)"},
		{name: "worker 30", also: "pid 7999, idle"}, {name: "theme dark", also: "colours on a dark background", kind: "setting"},
		{name: "p50, p99, max", also: "response time that half of the requests stayed below", kind: "word"},
	}
	for _, row := range []struct {
		name, query string
		want        []string // the first ones
		others      bool     // more may follow
	}{
		{"nothing typed is the order as it is", "", []string{"freeze", "kill", "back"}, true},
		{"a key is its action", "K", []string{"kill"}, true},
		{"a name before one that only begins so", "worker 3", []string{"worker 3", "worker 30"}, false},
		{"letters in their order", "inc1", []string{"incident 1", "incident 12"}, false},
		{"beginning of a name", "inc", []string{"incident 1", "incident 12", "next-incident"}, false},
		{"a pid", "7598", []string{"worker 3"}, false},
		{"the code's line", "rows.py:24", []string{"worker 3"}, false},
		{"a cause, whatever the case", "FLOCK", []string{"worker 3", "incident 1"}, false},
		{"two words, in any order", "12 incident", []string{"incident 12"}, false},
		{"another word for it", "quit", []string{"leave"}, false},
		{"letters left out", "thdk", []string{"theme dark"}, false},
		{"a word of the glossary", "p99", []string{"p50, p99, max"}, false},
		{"letters that lie apart are chance", "wk9", nil, false},
		{"nothing is called so", "zzz", nil, false},
	} {
		var got []string
		for _, f := range rankEntries(all, row.query) {
			got = append(got, f.name)
		}
		if row.others {
			got = got[:min(len(got), len(row.want))]
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: %q (-want +got):\n%s", row.name, row.query, diff)
		}
	}
}

func TestTheLettersThatWereTypedAreMarked(t *testing.T) {
	f := rankEntries([]entry{{name: "next-incident"}, {name: "worker 3", also: "pid 7598"}}, "7598")[0]
	if diff := cmp.Diff([]int{4, 5, 6, 7}, f.inAlso); diff != "" || len(f.inName) > 0 {
		t.Errorf("in what is said of it: %s, in its name %v", diff, f.inName)
	}
	f = rankEntries([]entry{{name: "next-incident"}}, "inc")[0]
	if diff := cmp.Diff([]int{5, 6, 7}, f.inName); diff != "" {
		t.Error(diff)
	}
}

func TestAMomentIsReadAsPeopleWriteIt(t *testing.T) {
	began := time.Date(2026, 11, 29, 23, 59, 30, 500_000_000, time.UTC)
	const here, length = 20 * second, 200 * second
	for text, want := range map[string]time.Duration{
		"4.8": 4800 * time.Millisecond, "35s": 35 * second, "+35s": 55 * second, "+ 5": 25 * second, "-5s": 15 * second,
		"1:30": 90 * second, "00:01:30": 120 * second, "23:59:40": 10 * second, "00:00:10": 40 * second, "150ms": 150 * time.Millisecond,
		"": -1, "-30s": -1, "500": -1, "9:00": -1, "12:34:05": -1, "worker": -1, "1:x": -1, "123:4": -1,
	} {
		at, ok := parseMoment(text, here, length, began)
		if ok != (want >= 0) || ok && at != want {
			t.Errorf("%q: %v %v, want %v", text, at, ok, want)
		}
	}
	if at, ok := parseMoment("00:00:10", here, length, time.Time{}); !ok || at != 10*second {
		t.Errorf("where nobody knows the time of day it is from the beginning: %v %v", at, ok)
	}
}

// find types a query into the palette and says what is listed.
func find(m *model, query string) string {
	m.do(doPalette)
	for _, r := range query {
		m.press(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return ansi.Strip(m.frame())
}

func strikeOne(m *model, code rune) tea.Cmd { return m.press(tea.KeyPressMsg{Code: code}) }

func TestThePaletteFindsEverything(t *testing.T) {
	run := func() *model { return modelOf(reportAt(t, contention, hanging), 120, 35) }
	replay := func() *model {
		m := run()
		tape := reelOf(t, contention, hanging)
		m.source, m.player = tape, newPlayer(tape)
		return m
	}
	home := func() *model { return homeModel(120, 35) }
	for _, row := range []struct {
		name, query, see string
		model            func() *model
	}{
		{"an action with its key", "pause", "p key", run},
		{"what harms says that it asks", "kill", "asks first", run},
		{"a screen", "verdict", "v key", run},
		{"a worker by its pid", "7598", "worker 3", run},
		{"a worker by its lock", "async_tasks worker", "worker 4", run},
		{"an incident by its number", "incident 1", "incident 1", run},
		{"an incident by its cause", "file-lock", "incident 1", run},
		{"a command that wants a word", "rate", "rate …", run},
		{"a command with its word", "rate 500", "rate 500", run},
		{"a setting", "light", "theme light", run},
		{"a word", "unaccepted", "connections that the kernel holds", run},
		{"a fault of the recording", "hold-lock", "moment", replay},
		{"a moment of the recording", "4.8", "00:04 of the recording", replay},
		{"a scenario", "contention", "log-contention", home},
		{"a scenario by its guide", "practice", "log-contention", home},
		{"a variant", "per-pid", "this variant alone: expect healthy", home},
		{"a server", "8000", "watch :8000", home},
		{"nothing", "zzz", "nothing here is called so", run},
	} {
		if text := find(row.model(), row.query); !strings.Contains(text, row.see) {
			t.Errorf("%s: %q does not show %q:\n%s", row.name, row.query, row.see, text)
		}
	}
}

func TestThePaletteDoesWhatIsChosen(t *testing.T) {
	m := modelOf(reportAt(t, contention, hanging), 120, 35)
	find(m, "7598")
	if strikeOne(m, tea.KeyEnter); m.selected != 3 || m.finder.open {
		t.Errorf("place %d is looked at, open %v", m.selected, m.finder.open)
	}
	if _, ok := m.on.(*workerScreen); !ok {
		t.Errorf("%T", m.on)
	}
	find(m, "kill")
	if strikeOne(m, tea.KeyEnter); m.asked == nil || !strings.Contains(m.asked.text, "worker 3") {
		t.Fatalf("what harms asks: %+v", m.asked)
	}
	m.press(tea.KeyPressMsg{Code: 'n', Text: "n"})
	if find(m, ""); m.finder.found[0].name != "kill" || m.finder.found[1].name != "worker 3" {
		t.Errorf("the last ones are first: %s, %s", m.finder.found[0].name, m.finder.found[1].name)
	}
	strikeOne(m, tea.KeyDown)
	m.press(tea.KeyPressMsg{Code: 'n', Mod: tea.ModCtrl})
	m.press(tea.KeyPressMsg{Code: 'p', Mod: tea.ModCtrl})
	if m.finder.at != 1 {
		t.Errorf("chosen %d", m.finder.at)
	}
	if strikeOne(m, tea.KeyEscape); m.finder.open {
		t.Error("esc leaves it open")
	}
	find(m, "theme l")
	if strikeOne(m, tea.KeyTab); m.finder.query != "theme light" {
		t.Errorf("tab made %q", m.finder.query)
	}
	if strikeOne(m, tea.KeyEnter); m.options.Theme != "light" {
		t.Error(m.options.Theme)
	}
	find(m, "rate")
	strikeOne(m, tea.KeyEnter)
	if m.finder.query != "rate " || !m.finder.open {
		t.Errorf("a word is wanted: %q", m.finder.query)
	}
}

// A click does what stands there, the wheel moves, a click beside it closes.
func TestThePaletteTakesTheMouse(t *testing.T) {
	for _, size := range []struct{ w, h int }{{60, 16}, {120, 35}, {200, 60}} {
		m := modelOf(reportAt(t, contention, hanging), size.w, size.h)
		find(m, "worker")
		m.mouse(tea.MouseWheelMsg{Button: tea.MouseWheelDown, X: 10, Y: 5})
		if m.finder.at != 1 {
			t.Errorf("%v: the wheel chose %d", size, m.finder.at)
		}
		lines := strings.Split(ansi.Strip(m.frame()), "\n")
		for y, line := range lines {
			if strings.Contains(line, " worker 2 ") && strings.Contains(line, "7596") && m.finder.open {
				m.mouse(tea.MouseClickMsg{Button: tea.MouseLeft, X: size.w / 2, Y: y})
			}
		}
		if m.finder.open || m.selected != 2 {
			t.Errorf("%v: open %v, place %d:\n%s", size, m.finder.open, m.selected, strings.Join(lines, "\n"))
		}
		find(m, "")
		m.mouse(tea.MouseClickMsg{Button: tea.MouseLeft, X: 0, Y: size.h - 1})
		if m.finder.open {
			t.Errorf("%v: a click beside it leaves it open", size)
		}
	}
}

// Every frame with it has the size of the terminal, also while its list is scrolled.
func TestThePaletteFitsEveryTerminal(t *testing.T) {
	for _, w := range []int{40, 60, 75, 76, 80, 120, 300} {
		for _, h := range []int{10, 16, 24, 60} {
			m := modelOf(reportAt(t, contention, hanging), w, h)
			m.do(doPalette)
			for range 40 {
				strikeOne(m, tea.KeyDown)
			}
			for i, line := range strings.Split(m.frame(), "\n") {
				if n := ansi.StringWidth(line); n != w || i >= h {
					t.Fatalf("%dx%d: line %d is %d wide: %q", w, h, i, n, line)
				}
			}
			if text := ansi.Strip(m.frame()); !strings.Contains(text, "▸ ") {
				t.Fatalf("%dx%d: nothing is chosen in sight:\n%s", w, h, text)
			}
		}
	}
}

// Every word of the glossary is told where it is chosen, and the help scrolls to its end.
func TestHelpHasEveryWord(t *testing.T) {
	m := modelOf(reportAt(t, contention, hanging), 80, 24)
	for i := range glossary {
		m.openHelp(glossary[i].name)
		start, _, _ := strings.Cut(glossary[i].says, " ")
		if text := ansi.Strip(m.frame()); !strings.Contains(text, " "+glossary[i].name) || !strings.Contains(text, start) {
			t.Errorf("%s:\n%s", glossary[i].name, text)
		}
	}
	m.openHelp("")
	for range 20 {
		m.mouse(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	}
	first := m.help.from
	if m.turnHelp(doBottom); first == 0 || m.help.from <= first || !strings.Contains(ansi.Strip(m.frame()), "what happened, in order") {
		t.Errorf("from %d to %d:\n%s", first, m.help.from, ansi.Strip(m.frame()))
	}
	if m.press(tea.KeyPressMsg{Code: 'x', Text: "x"}); m.help.open {
		t.Error("another key leaves it open")
	}
}
