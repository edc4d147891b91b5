package faults

import "fmt"

// A mending is how one kind of undo record is mended.
type mending struct {
	// mend undoes the harm and returns nil only when it was seen to be gone. It is safe twice, and on what never came
	// to be.
	mend func(u undo) error
	// releases says that it lets processes run again that could not even be killed before: that comes first.
	releases bool
	// survives says that the harm outlives a restart of the machine.
	survives bool
}

// mendings are all there are, by the kind of the record.
func mendings() map[string]mending {
	end := mending{mend: func(u undo) error { return u.process.end(endLimit) }}
	return map[string]mending{
		undoServer:     end,
		undoHelper:     end,
		undoContinue:   {mend: func(u undo) error { return resume(u.process) }, releases: true},
		undoFolder:     {mend: func(u undo) error { return removeFolder(u.Path) }, survives: true},
		undoGroup:      {mend: func(u undo) error { return dissolveGroup(u.Path, u.Back) }, releases: true},
		undoController: {mend: func(u undo) error { return takeController(u.Path, u.Controller) }},
		undoMount:      {mend: func(u undo) error { return unmountAll(u.Path) }},
		undoFrozen:     {mend: func(u undo) error { return thawDisk(u.Path) }, releases: true},
		undoFiles:      {mend: mendFiles},
		undoNice:       {mend: mendNice},
	}
}

// mendingOf is how a record is mended; one of a kind that a later version wrote is left as it is and told.
func mendingOf(u undo) mending {
	if m, ok := mendings()[u.Kind]; ok {
		return m
	}
	return mending{mend: func(u undo) error {
		return fmt.Errorf("undo record of kind %q: not known to this version of hangtime", u.Kind)
	}}
}

func (u undo) releases() bool { return mendingOf(u).releases }

func (u undo) survives() bool { return mendingOf(u).survives }

func (u undo) mend() error { return mendingOf(u).mend(u) }
