package tui

import (
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/hangtime-dev/hangtime/diagnose"
)

// glyphs are the characters that a look draws with; each state has its own, so that nothing is said by colour alone.
type glyphs struct {
	ascii                                 *strings.Replacer // of what reports write beyond ASCII; nil: the terminal shows it
	border                                lipgloss.Border
	doneBar, headBar, restBar             string
	cursor, into, holds, more, bullet, up string
	faultMark, faultSpan                  string
	yes, no, unsure                       string
	play, pause                           string
	p50, p99, max                         string
	bar                                   string   // of a chart of amounts
	waiting                               string   // unanswered so far: at least this slow, and rising
	shades                                []string // from few to many
	lane                                  map[diagnose.State]string
	mark                                  map[diagnose.State]string
}

// unicodeGlyphs are all of width 1 and in the fonts that terminals come with.
func unicodeGlyphs() glyphs {
	return glyphs{
		border:  lipgloss.NormalBorder(),
		doneBar: "━", headBar: "╸", restBar: "─", cursor: "▸", into: "▸", holds: "←", more: "…", bullet: "●", up: "↑",
		faultMark: "▲", faultSpan: "━", yes: "✓", no: "✗", unsure: "?", play: "▶", pause: "■",
		p50: "─", p99: "━", max: "‾", bar: "▆", waiting: "↑", shades: []string{"░", "▒", "▓", "█"},
		lane: map[diagnose.State]string{
			diagnose.Booting: "○", diagnose.Idle: "▁", diagnose.Busy: "▃", diagnose.Suspect: "▅", diagnose.Hung: "█", diagnose.Stopped: "‖", diagnose.Dead: "†",
		},
		mark: map[diagnose.State]string{
			diagnose.Booting: "○", diagnose.Suspect: "?", diagnose.Hung: "×", diagnose.Stopped: "‖", diagnose.Dead: "†",
		},
	}
}

func asciiGlyphs() glyphs {
	return glyphs{
		ascii:   strings.NewReplacer("←", "<-", "→", "->", "▸", ">", "…", "~", "µ", "u", "↑", "up", "↓", "down"),
		border:  lipgloss.ASCIIBorder(),
		doneBar: "=", headBar: ">", restBar: ".", cursor: ">", into: ">", holds: "<-", more: "~", bullet: "*", up: "^",
		faultMark: "^", faultSpan: "=", yes: "+", no: "x", unsure: "?", play: ">", pause: "||",
		p50: "-", p99: "=", max: "'", bar: "=", waiting: "^", shades: []string{".", ":", "o", "#"},
		lane: map[diagnose.State]string{
			diagnose.Booting: "o", diagnose.Idle: "_", diagnose.Busy: "=", diagnose.Suspect: "?", diagnose.Hung: "X", diagnose.Stopped: "S", diagnose.Dead: "D",
		},
		mark: map[diagnose.State]string{
			diagnose.Booting: "o", diagnose.Suspect: "?", diagnose.Hung: "X", diagnose.Stopped: "S", diagnose.Dead: "D",
		},
	}
}

// stateRole is how a state is coloured.
func stateRole(s diagnose.State) role {
	switch s {
	case diagnose.Busy:
		return good
	case diagnose.Suspect, diagnose.Booting:
		return warn
	case diagnose.Hung, diagnose.Stopped, diagnose.Dead:
		return bad
	}
	return dim
}

const stateCount = 7

// states are all of them, from the one to care least about to the gravest.
func states() [stateCount]diagnose.State {
	return [...]diagnose.State{diagnose.Idle, diagnose.Busy, diagnose.Booting, diagnose.Suspect, diagnose.Dead, diagnose.Stopped, diagnose.Hung}
}

// gravity orders states by how much a person should care; 0 for one that is not known.
func gravity(s diagnose.State) int {
	for i, one := range states() {
		if one == s {
			return i + 1
		}
	}
	return 0
}

// inTrouble says whether a worker in this state is what a person looks for.
func inTrouble(s diagnose.State) bool { return gravity(s) >= gravity(diagnose.Suspect) }

// stateWords say what a state means, to someone who meets it for the first time.
func stateWords(s diagnose.State) string {
	switch s {
	case diagnose.Idle:
		return "nothing is asked of it"
	case diagnose.Busy:
		return "has work and gets on"
	case diagnose.Booting:
		return "born, has not answered anything yet"
	case diagnose.Suspect:
		return "has work, no progress for 0.2 s"
	case diagnose.Dead:
		return "gone, nothing has its place"
	case diagnose.Stopped:
		return "a hang: stopped by a signal or frozen"
	case diagnose.Hung:
		return "a hang: has work, no progress for 1 s or more"
	}
	return ""
}

// labelWords say in a few words what is the matter with a worker that does not hang.
func labelWords(label diagnose.Label) string {
	switch label {
	case diagnose.Starved:
		return "starved: ready to run, no processor"
	case diagnose.Throttled:
		return "throttled: its processor quota is used up"
	case diagnose.Saturated:
		return "saturated: more arrives than it can answer"
	case diagnose.LongPoll:
		return "long poll: requests held open on purpose"
	case diagnose.SlowPeer:
		return "slow client: nobody waits behind it"
	case diagnose.Slow:
		return "slow: each request takes long"
	case diagnose.Draining:
		return "draining: ends what it has, then leaves"
	}
	return string(label)
}
