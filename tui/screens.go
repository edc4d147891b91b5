package tui

// An opening is a key that puts a screen on the stage, whatever is on it, and the command of the palette that does
// the same with a word more.
type opening struct {
	key     boundKey
	command string // empty: the key alone opens it
	takes   string // the word that the command wants
	// open makes the screen that a word asks for; empty: the one that a key does. Without a variant to look at it is nil.
	open func(s *stage, word string) (screen, error)
}

// openings are the screens of a run beside the live one. A new screen is a file of its own and a row here.
func openings() []opening {
	return []opening{
		{bind(doOpen, onLive, "enter", "inside", "enter"), "worker", "PLACE", openWorker},
		{bind(doIncident, onLive|onPage, "i", "incident", "i"), "incident", "NUMBER", openIncident},
		{bind(doVerdict, onLive|onPage, "v", "verdict", "v"), "", "", openVerdict},
	}
}

// open puts the screen on the stage that an opening leads to.
func (s *stage) open(o opening, word string) error {
	next, err := o.open(s, word)
	if err == nil && next != nil {
		s.show(next)
	}
	return err
}
