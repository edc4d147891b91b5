package tui

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
)

// An action is what a key, a word of the palette or a click asks for.
type action string

const (
	doUp       action = "up"
	doDown     action = "down"
	doPageUp   action = "page-up"
	doPageDown action = "page-down"
	doTop      action = "top"
	doBottom   action = "bottom"
	doOpen     action = "open"
	doBack     action = "back"
	doIncident action = "incident"
	doVariant  action = "variant"
	doVerdict  action = "verdict"
	doOrder    action = "order"
	doFilter   action = "filter"
	doPalette  action = "palette"
	doCopy     action = "copy"
	doWrite    action = "write"
	doKill     action = "kill"
	doStop     action = "stop"
	doLock     action = "lock"
	doFaster   action = "faster"
	doSlower   action = "slower"
	doPause    action = "pause-load"
	doFreeze   action = "freeze"
	doPlay     action = "play"
	doBackward action = "backward"
	doForward  action = "forward"
	doFarBack  action = "far-back"
	doFarOn    action = "far-on"
	doStepBack action = "step-back"
	doStep     action = "step"
	doSpeedUp  action = "speed-up"
	doSlowDown action = "slow-down"
	doNext     action = "next-incident"
	doPrevious action = "previous-incident"
	doRun      action = "run"
	doQuick    action = "quick"
	doEdit     action = "edit"
	doHelp     action = "help"
	doLeave    action = "leave"
)

// A place is a set of screens on which an action means something.
type place uint

const (
	onLive     place = 1 << iota // the screen of a variant, live or replayed
	onPage                       // worker, incident, verdict, comparison
	onHome                       // the scenario picker
	onTape                       // anything that is replayed
	onRun                        // anything that goes on now
	everywhere = onLive | onPage | onHome
)

type boundKey struct {
	action  action
	where   place
	binding key.Binding
}

// keys are all bindings, in the order of the line at the bottom and of the help, both of which are made from them.
type keys []boundKey

func bind(a action, where place, shown, does string, names ...string) boundKey {
	return boundKey{a, where, key.NewBinding(key.WithKeys(names...), key.WithHelp(shown, does))}
}

// newKeys are all keys; opening are those that open a screen.
func newKeys(opening ...boundKey) keys {
	all := keys{
		bind(doUp, everywhere, "↑", "up", "up", "k"),
		bind(doDown, everywhere, "↓", "down", "down", "j"),
		bind(doPageUp, everywhere, "pgup", "a page up", "pgup"),
		bind(doPageDown, everywhere, "pgdn", "a page down", "pgdown"),
		bind(doTop, everywhere, "home", "to the first", "home"),
		bind(doBottom, everywhere, "end", "to the last", "end"),
		bind(doRun, onHome, "enter", "run", "enter"),
		bind(doQuick, onHome, "f", "run the short form", "f"),
		bind(doEdit, onHome, "e", "edit a copy", "e"),
		bind(doBack, everywhere, "esc", "back", "esc"),
		bind(doPlay, onTape, "space", "play/pause", "space"),
		bind(doBackward, onTape, "←", "1 s back", "left"),
		bind(doForward, onTape, "→", "1 s on", "right"),
		bind(doFarBack, onTape, "shift+←", "10 s back", "shift+left"),
		bind(doFarOn, onTape, "shift+→", "10 s on", "shift+right"),
		bind(doStepBack, onTape, ",", "0.1 s back", ","),
		bind(doStep, onTape, ".", "0.1 s on", "."),
		bind(doNext, onTape, "n", "next incident", "n"),
		bind(doPrevious, onTape, "N", "prev. incident", "N"),
		bind(doSpeedUp, onTape, "]", "faster", "]", "+", "="),
		bind(doSlowDown, onTape, "[", "slower", "[", "-"),
		bind(doKill, onRun, "K", "kill", "K"),
		bind(doStop, onRun, "S", "stop", "S"),
		bind(doLock, onRun, "L", "lock", "L"),
		bind(doFaster, onRun, "+", "more load", "+", "="),
		bind(doSlower, onRun, "-", "less load", "-"),
		bind(doPause, onRun, "p", "pause load", "p"),
		bind(doFreeze, onRun, "space", "freeze", "space"),
		bind(doVariant, onLive|onPage, "tab", "other variant", "tab"),
		bind(doOrder, onLive, "o", "sort workers", "o"),
		bind(doFilter, onLive|onHome, "/", "filter", "/"),
		bind(doPalette, everywhere, ":", "find", ":"),
		bind(doCopy, onLive|onPage, "y", "copy", "y", "c"),
		bind(doWrite, onLive|onPage, "w", "write report", "w"),
		bind(doHelp, everywhere, "?", "help", "?"),
		bind(doLeave, everywhere, "q", "end", "q", "ctrl+c"),
	}
	at := slices.IndexFunc(all, func(b boundKey) bool { return b.action == doBack })
	return slices.Insert(all, at, opening...)
}

// rebind gives actions other keys, as the configuration file asks.
func (k keys) rebind(wanted map[string][]string) error {
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		names := wanted[name]
		i := slices.IndexFunc(k, func(b boundKey) bool { return string(b.action) == name })
		if i < 0 {
			return fmt.Errorf("%q is not an action; want one of %s", name, strings.Join(k.actions(), ", "))
		}
		if len(names) == 0 {
			return fmt.Errorf("%s has no key; want at least one, such as [%s]", name, k[i].binding.Keys()[0])
		}
		k[i].binding.SetKeys(names...)
		k[i].binding.SetHelp(names[0], k[i].binding.Help().Desc)
	}
	return k.check()
}

// check is asked when all keys are as they are to be: two may change places.
func (k keys) check() error {
	for i, a := range k {
		for _, b := range k[i+1:] {
			for _, one := range a.binding.Keys() {
				if meet(a.where, b.where) && slices.Contains(b.binding.Keys(), one) {
					return fmt.Errorf("%s and %s would both be %q", a.action, b.action, one)
				}
			}
		}
	}
	return nil
}

// meet says whether two actions can be asked for on one screen.
func meet(a, b place) bool {
	together := func(a, b place) bool { return a&(onRun|onTape) != 0 && b&(onLive|onPage) != 0 }
	return a&b != 0 || together(a, b) || together(b, a)
}

func (k keys) actions() []string {
	var all []string
	for _, b := range k {
		all = append(all, string(b.action))
	}
	return all
}

// enable switches an action off where it cannot be done.
func (k keys) enable(on bool, actions ...action) {
	for i := range k {
		if slices.Contains(actions, k[i].action) {
			k[i].binding.SetEnabled(on)
		}
	}
}

// find says what a key asks for on a screen.
func (k keys) find(pressed fmt.Stringer, where place) (action, bool) {
	for i := range k {
		if k[i].where&where != 0 && key.Matches(pressed, k[i].binding) {
			return k[i].action, true
		}
	}
	return "", false
}

func (k keys) get(a action) key.Binding {
	for i := range k {
		if k[i].action == a {
			return k[i].binding
		}
	}
	return key.Binding{}
}

// ParseKeys reads keys by action, as a configuration file has them: "kill: K" or "kill: [K, f9]".
func ParseKeys(value any) (map[string][]string, error) {
	if value == nil {
		return nil, nil
	}
	table, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("want an action and its keys on each line, such as `kill: [K, f9]`")
	}
	all := map[string][]string{}
	for action, names := range table {
		switch names := names.(type) {
		case string:
			all[action] = []string{names}
		case []any:
			for _, one := range names {
				all[action] = append(all[action], fmt.Sprint(one))
			}
		default:
			return nil, fmt.Errorf("%s: want a key or a list of keys, such as [K, f9]", action)
		}
	}
	return all, nil
}
