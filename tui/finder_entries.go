package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// Kinds of entries.
const (
	kindAction   = "key"
	kindScreen   = "screen"
	kindIncident = "incident"
	kindWorker   = "worker"
	kindMoment   = "moment"
	kindScenario = "run"
	kindServer   = "watch"
	kindCommand  = "command"
	kindSetting  = "setting"
	kindWord     = "word"
)

// entries are all that the palette offers, the most likely first: what was chosen lately, what can be done on this screen, where
// one can go, settings, words.
func (m *model) entries(recent []string) []entry {
	all := slices.Concat(m.actionEntries(), m.screenEntries(), m.incidentEntries(), m.workerEntries(), m.scenarioEntries(),
		m.momentEntries(), m.commandEntries(), m.settingEntries(), m.wordEntries())
	for i, name := range slices.Backward(recent) {
		at := slices.IndexFunc(all, func(e entry) bool { return e.name == name })
		one, typed := entry{}, false
		if at >= 0 {
			one = all[at]
			all = slices.Delete(all, at, at+1)
		} else if one, typed = m.typedEntry(recent[i]); !typed {
			continue
		}
		all = slices.Insert(all, 0, one)
	}
	return all
}

// actionEntries are the keys of this screen: those of its key line first, and those that only move last.
func (m *model) actionEntries() []entry {
	var order []action
	for _, h := range m.on.hints() {
		order = append(order, h.actions...)
	}
	for i := range m.keys {
		order = append(order, m.keys[i].action)
	}
	moving := func(a action) bool { _, moves := step(a, m.h); return moves }
	order = slices.Concat(slices.DeleteFunc(slices.Clone(order), moving),
		slices.DeleteFunc(slices.Clone(order), func(a action) bool { return !moving(a) }))
	where := m.on.place()
	var all []entry
	seen := map[action]bool{doPalette: true}
	for _, a := range order {
		at := slices.IndexFunc(m.keys, func(b boundKey) bool { return b.action == a && b.where&where != 0 })
		if seen[a] || at < 0 || !m.keys[at].binding.Enabled() {
			continue
		}
		seen[a] = true
		help := m.keys[at].binding.Help()
		e := entry{kind: kindAction, name: string(a), also: actionSays(a, help.Desc), key: help.Key, harms: harmful(a),
			run: func() tea.Cmd { return m.do(a) }}
		all = append(all, e)
	}
	return all
}

// actionSays tells what an action does where there is room for more than the one or two words of the key line.
func actionSays(a action, short string) string {
	switch a {
	case doOpen:
		return "all that is known of the selected worker"
	case doIncident:
		return "the newest incident: its story, cost, evidence and cure"
	case doVerdict:
		return "what the run comes to"
	case doVariant:
		return "look at the other variant"
	case doOrder:
		return "sort the workers: by place, or trouble first"
	case doFilter:
		return "show only what has these words"
	case doCopy:
		return "copy what is on the screen"
	case doWrite:
		return "write the report, as a page and as Markdown"
	case doKill:
		return "SIGKILL to the selected worker"
	case doStop:
		return "stop the selected worker for 10 s"
	case doLock:
		return "hold the lock of the task log for 10 s"
	case doFaster, doSlower:
		return short + ", by a quarter"
	case doFreeze:
		return "keep the screen as it is while the run goes on"
	case doHelp:
		return "keys, marks and words"
	case doLeave:
		return "end: quit, exit"
	}
	return short
}

// harmful says whether an action breaks something.
func harmful(a action) bool { return a == doKill || a == doStop || a == doLock }

func (m *model) screenEntries() []entry {
	if m.shown() == nil {
		return nil
	}
	to := func(name, says string, s screen) entry {
		return entry{kind: kindScreen, name: name, also: says, run: func() tea.Cmd {
			m.stay = m.report.Over && s != m.over || !m.report.Over && s == m.over
			m.show(s)
			return nil
		}}
	}
	var all []entry
	if m.on != m.live {
		all = append(all, to("live", "all workers, the story, load and response time", m.live))
	}
	for i := range m.report.Variants {
		name := m.report.Variants[i].Name
		if len(m.report.Variants) > 1 {
			all = append(all, entry{kind: kindScreen, name: "variant " + name, also: m.report.Variants[i].Says,
				run: m.command("variant", name)})
		}
	}
	return all
}

func (m *model) incidentEntries() []entry {
	if m.report == nil {
		return nil
	}
	current := m.shown()
	var all []entry
	for i := range m.report.Variants {
		v := &m.report.Variants[i]
		for j := range slices.Backward(v.Incidents) {
			in := &v.Incidents[j]
			name := fmt.Sprintf("incident %d", in.ID)
			if v.Name != current.Name {
				name += " of " + v.Name
			}
			variant, id := v.Name, in.ID
			all = append(all, entry{kind: kindIncident, name: name,
				also: fmt.Sprintf("%s of %s, %s: %s", in.Kind, words.Count(in.Places(), "worker"), in.Cause.Kind, in.Cause.Sentence),
				run: func() tea.Cmd {
					m.variant, m.stay = variant, m.report.Over
					m.show(&incidentScreen{page{stage: m.stage}, id})
					return nil
				}})
		}
	}
	return all
}

func (m *model) workerEntries() []entry {
	v := m.shown()
	if v == nil {
		return nil
	}
	var all []entry
	for _, w := range pick(v.Workers, "", troubleFirst, 0) {
		facts := []string{fmt.Sprintf("pid %d", w.PID), string(w.State), report.Reason(&w), report.RequestOf(&w), report.WhereOf(&w)}
		facts = slices.DeleteFunc(facts, func(text string) bool { return text == "" })
		all = append(all, entry{kind: kindWorker, name: fmt.Sprintf("worker %d", w.Place), also: strings.Join(facts, ", "),
			run: m.command("worker", fmt.Sprint(w.Place))})
	}
	return all
}

func (m *model) scenarioEntries() []entry {
	home, ok := m.on.(*homeScreen)
	if !ok {
		return nil
	}
	var all []entry
	for i := range home.list.all {
		s := &home.list.all[i]
		kind := kindScenario
		if s.Server != 0 {
			kind = kindServer
		}
		all = append(all, entry{kind: kind, name: s.Name, also: strings.TrimSuffix(s.Title+"; "+s.Guide, "; "), run: func() tea.Cmd {
			home.refilter("")
			home.list.selected = s.named()
			return home.choose(doRun)
		}})
		for _, v := range s.Variants {
			name, says, _ := strings.Cut(v, ":")
			all = append(all, entry{kind: kind, name: s.Name + " " + name, also: "this variant alone: " + strings.TrimSpace(says),
				run: func() tea.Cmd {
					home.refilter("")
					home.list.selected = s.named()
					next := home.choose(doRun)
					home.list.choice.Variant = name
					return next
				}})
		}
	}
	return all
}

// momentEntries are what happened when, of a recording.
func (m *model) momentEntries() []entry {
	if m.player == nil {
		return nil
	}
	var all []entry
	for _, mark := range m.player.tape.Marks() {
		at := mark.At
		if mark.Kind == MarkIncident {
			at = max(at, 0)
		}
		all = append(all, m.momentEntry(words.Clock(at), mark.Kind+" "+mark.Text, at))
	}
	return all
}

func (m *model) momentEntry(name, also string, at time.Duration) entry {
	return entry{kind: kindMoment, name: name, also: also, run: func() tea.Cmd {
		m.stay = false
		if m.on == m.over {
			m.show(m.live)
		}
		m.player.seek(at)
		return nil
	}}
}

// commandEntries are those that want a word more; where what they lead to is listed itself, they are not.
func (m *model) commandEntries() []entry {
	var all []entry
	for _, c := range commands() {
		if c.where&m.on.place() != 0 && !slices.Contains([]string{"worker", "incident", "variant", "theme"}, c.name) {
			all = append(all, entry{kind: kindCommand, name: c.name + " …", also: c.takes, fill: c.name + " "})
		}
	}
	return all
}

func (m *model) settingEntries() []entry {
	var all []entry
	for _, theme := range []string{"auto", "dark", "light", "16", "none"} {
		all = append(all, entry{kind: kindSetting, name: "theme " + theme, also: themeSays(theme), run: m.command("theme", theme)})
	}
	set := func(name, says string, change func()) {
		all = append(all, entry{kind: kindSetting, name: name, also: says, run: func() tea.Cmd {
			change()
			m.complain(m.relook())
			return nil
		}})
	}
	if m.options.ASCII {
		set("ascii off", "draw with lines and blocks", func() { m.options.ASCII = false })
	} else {
		set("ascii on", "draw nothing but ASCII", func() { m.options.ASCII = true })
	}
	if m.options.NoMouse {
		set("mouse on", "clicks and the wheel are hangtime's", func() { m.options.NoMouse = false })
	} else {
		set("mouse off", "the terminal has it, to select text", func() { m.options.NoMouse = true })
	}
	return all
}

func themeSays(theme string) string {
	switch theme {
	case "auto":
		return "colours by what the terminal says of itself"
	case "16":
		return "the terminal's own colours"
	case "none":
		return "no colours"
	}
	return "colours on a " + theme + " background"
}

// wordEntries are the words of the screens, with what they mean.
func (m *model) wordEntries() []entry {
	var all []entry
	for i := range glossary {
		word := glossary[i]
		all = append(all, entry{kind: kindWord, name: word.name, also: word.says, run: func() tea.Cmd {
			m.openHelp(word.name)
			return nil
		}})
	}
	return all
}

// typedEntry is what a query says by itself: a command with its word, or a moment of the recording.
func (m *model) typedEntry(query string) (entry, bool) {
	name, word, _ := strings.Cut(strings.TrimSpace(query), " ")
	word = strings.TrimSpace(word)
	if word != "" {
		for _, c := range commands() {
			if c.name == name && c.where&m.on.place() != 0 {
				return entry{kind: kindCommand, name: name + " " + word, also: c.takes, run: m.command(name, word)}, true
			}
		}
	}
	if m.player == nil {
		return entry{}, false
	}
	var began time.Time
	if m.report != nil {
		began = m.report.Header.Started
	}
	at, ok := parseMoment(query, m.player.at, m.player.tape.Length(), began)
	if !ok {
		return entry{}, false
	}
	also := words.Clock(at) + " of the recording"
	if !began.IsZero() {
		also += ", at " + began.Add(at).Format(time.TimeOnly)
	}
	return m.momentEntry(strings.TrimSpace(query), also, at), true
}

// command does what a command does with a word.
func (m *model) command(name, word string) func() tea.Cmd {
	return func() tea.Cmd {
		for _, c := range commands() {
			if c.name == name {
				cmd, err := c.run(m.stage, word)
				if err != nil {
					m.say("%s %s: %v", name, word, err)
				}
				return cmd
			}
		}
		return nil
	}
}

// parseMoment reads a moment of a recording of that length: "4.8" or "35s" from its beginning, "+35s" and "-5s" from
// where it is, "1:30" minutes and seconds, "12:34:05" the time of day, where the recording began at one and has it.
func parseMoment(text string, here, length time.Duration, began time.Time) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	inside := func(at time.Duration) (time.Duration, bool) { return at, at >= 0 && at <= length }
	if text == "" {
		return 0, false
	}
	if parts := strings.Split(text, ":"); len(parts) > 1 {
		if clock, err := time.Parse(time.TimeOnly, text); err == nil && !began.IsZero() {
			day := time.Date(began.Year(), began.Month(), began.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, began.Location())
			for _, then := range []time.Time{day, day.AddDate(0, 0, 1)} {
				if at, ok := inside(then.Sub(began.Truncate(time.Second))); ok {
					return at, true
				}
			}
		}
		sum := time.Duration(0)
		for _, part := range parts {
			var n int
			if _, err := fmt.Sscanf(part, "%d", &n); err != nil || len(part) > 2 {
				return 0, false
			}
			sum = sum*60 + time.Duration(n)*time.Second
		}
		return inside(sum)
	}
	from := time.Duration(0)
	if text[0] == '+' || text[0] == '-' {
		from = here
	}
	for _, unit := range []string{"", "s"} {
		if by, err := time.ParseDuration(strings.ReplaceAll(text, " ", "") + unit); err == nil {
			return inside(from + by)
		}
	}
	return 0, false
}
