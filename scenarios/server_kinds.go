package scenarios

import "slices"

// A ServerKind is one kind of server: the row that says how much of it hangtime has in its hands. How it is made ready
// is a row of package run.
type ServerKind struct {
	Name      string
	Ours      bool // it is hangtime's own, with a log folder that is the run's
	Started   bool // hangtime starts it, and ends it
	Processes bool // its processes are known: they can be watched and broken
}

// The kinds of servers.
const (
	Reference = "reference"
	Command   = "command"
	Attach    = "attach"
	URL       = "url"
)

// ServerKinds are all there are.
func ServerKinds() []ServerKind {
	return []ServerKind{
		{Reference, true, true, true},
		{Command, false, true, true},
		{Attach, false, false, true},
		{URL, false, false, false},
	}
}

// ServerKindOf is the row of a kind; one that is not known has nothing in our hands.
func ServerKindOf(name string) ServerKind {
	all := ServerKinds()
	if i := slices.IndexFunc(all, func(k ServerKind) bool { return k.Name == name }); i >= 0 {
		return all[i]
	}
	return ServerKind{Name: name}
}
