package faults

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A ward is all that is to be mended, in the order in which it was added: it is mended in reverse.
type ward struct {
	family *family
	open   []undo
	mended func(undo) // told of each that was mended; may be nil
}

// add takes a record. Of a server its whole family is watched from now on.
func (w *ward) add(u undo) error {
	if u.ID == "" || u.Kind == "" {
		return errors.New("an undo record needs an id and a kind")
	}
	if slices.ContainsFunc(w.open, func(o undo) bool { return o.ID == u.ID }) {
		return fmt.Errorf("undo record %s stands twice", u.ID)
	}
	w.open = append(w.open, u)
	if u.Kind == undoServer {
		w.family.found(u.process)
	}
	return nil
}

// drop forgets a record: what it was about was mended by somebody else. Unknown ones are no error, so that a heal is safe twice.
func (w *ward) drop(id string) {
	w.open = slices.DeleteFunc(w.open, func(u undo) bool { return u.ID == id })
	if !w.hasServer() {
		w.family.forget()
	}
}

func (w *ward) hasServer() bool {
	return slices.ContainsFunc(w.open, func(u undo) bool { return u.Kind == undoServer })
}

// watch remembers who belongs to a server, so that an orphan is still known as one that has neither its mark nor its process group.
func (w *ward) watch() {
	if w.hasServer() {
		_, _ = w.family.look() // what cannot be seen now is looked for again at the next question
	}
}

// due is when the next record is overdue; false: none ever is.
func (w *ward) due() (at time.Time, any bool) {
	for _, u := range w.open {
		if !u.Until.IsZero() && (!any || u.Until.Before(at)) {
			at, any = u.Until, true
		}
	}
	return at, any
}

// overdue mends what has been there longer than it may be; what cannot be mended is kept and tried again.
func (w *ward) overdue(now time.Time) (mended []undo) {
	for _, u := range slices.Backward(slices.Clone(w.open)) {
		if !u.Until.IsZero() && now.After(u.Until) && u.mend() == nil {
			w.drop(u.ID)
			mended = append(mended, u)
		}
	}
	return mended
}

// mendAll mends everything in reverse, what keeps processes from dying first, and returns what could not be mended; that stays open.
func (w *ward) mendAll() []error {
	// An arbiter that lives would replace each worker that is ended.
	for _, u := range w.open {
		if u.Kind == undoServer {
			w.family.found(u.process)
		}
	}
	left := w.mendThose(undo.releases)
	if err := w.family.end(endLimit); err != nil {
		left = append(left, err)
	}
	return append(left, w.mendThose(func(u undo) bool { return !u.releases() })...)
}

func (w *ward) mendThose(chosen func(undo) bool) (left []error) {
	for _, u := range slices.Backward(slices.Clone(w.open)) {
		if !chosen(u) {
			continue
		}
		if err := u.mend(); err != nil {
			left = append(left, fmt.Errorf("%s: %w", u, err))
			continue
		}
		w.drop(u.ID)
		if w.mended != nil {
			w.mended(u)
		}
	}
	return left
}
