package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"github.com/charmbracelet/x/ansi"
)

// keys are all bindings; what they do, the line at the bottom and the help are made from them.
type keys struct {
	Up, Down, Open, Back, Incident      key.Binding
	Kill, Stop, Lock, Faster, Slower    key.Binding
	PauseLoad, PauseScreen, Help, Leave key.Binding
}

func newKeys() keys {
	bind := func(help, does string, names ...string) key.Binding {
		return key.NewBinding(key.WithKeys(names...), key.WithHelp(help, does))
	}
	return keys{
		Up:          bind("↑↓", "worker", "up"),
		Down:        bind("↓", "next worker", "down", "j"),
		Open:        bind("enter", "inside", "enter"),
		Back:        bind("esc", "back", "esc", "backspace"),
		Incident:    bind("i", "incident", "i"),
		Kill:        bind("k", "kill", "k"),
		Stop:        bind("s", "stop", "s"),
		Lock:        bind("l", "lock", "l"),
		Faster:      bind("+/-", "rate", "+", "="),
		Slower:      bind("-", "slower", "-"),
		PauseLoad:   bind("p", "pause load", "p"),
		PauseScreen: bind("space", "freeze", "space", " "),
		Help:        bind("?", "help", "?"),
		Leave:       bind("q", "end", "q", "ctrl+c"),
	}
}

// offer switches off what cannot be done here.
func (k *keys) offer(c Controls) {
	k.Kill.SetEnabled(c.Kill != nil)
	k.Stop.SetEnabled(c.StopCont != nil)
	k.Lock.SetEnabled(c.HoldLock != nil)
	for _, b := range []*key.Binding{&k.Faster, &k.Slower, &k.PauseLoad} {
		b.SetEnabled(c.SetRate != nil)
	}
}

// line lists bindings in one line; those that do not fit are left out from the right, but never the last, which is how to leave.
func (l *look) keyLine(w int, bindings ...key.Binding) string {
	one := func(b key.Binding) string { return l.in(keycap, b.Help().Key) + " " + l.in(dim, b.Help().Desc) }
	last := one(bindings[len(bindings)-1])
	line := " "
	for _, b := range bindings[:len(bindings)-1] {
		if !b.Enabled() {
			continue
		}
		next := one(b) + "  "
		if ansi.StringWidth(line)+ansi.StringWidth(next)+ansi.StringWidth(last) > w {
			break
		}
		line += next
	}
	return line + last
}

// helpPage lists every binding with what it does.
func (l *look) helpPage(groups []helpGroup, w, h int) string {
	var body []string
	for _, g := range groups {
		body = append(body, " "+l.in(title, g.name))
		for _, b := range g.bindings {
			if b.Enabled() {
				body = append(body, "   "+l.in(keycap, pad(strings.Join(b.Keys(), " "), 14))+" "+b.Help().Desc)
			}
		}
		body = append(body, "")
	}
	return l.box("keys", "", body, w, h)
}

type helpGroup struct {
	name     string
	bindings []key.Binding
}
