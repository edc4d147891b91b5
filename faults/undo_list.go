package faults

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// An undoList is all that is to be mended, in the order in which it was added: it is mended in reverse.
type undoList struct {
	family *family
	open   []undo
	mended func(undo) // told of each that was mended; may be nil
}

// add takes a record. Of a server its whole family is watched from now on.
func (m *undoList) add(u undo) error {
	if u.ID == "" || u.Kind == "" {
		return errors.New("an undo record needs an id and a kind")
	}
	if slices.ContainsFunc(m.open, func(o undo) bool { return o.ID == u.ID }) {
		return fmt.Errorf("undo record %s stands twice", u.ID)
	}
	m.open = append(m.open, u)
	if u.Kind == undoServer {
		m.family.found(u.process)
	}
	return nil
}

// drop forgets a record: what it was about was mended by somebody else. Unknown ones are no error, so that a heal is
// safe twice.
func (m *undoList) drop(id string) {
	m.open = slices.DeleteFunc(m.open, func(u undo) bool { return u.ID == id })
	if !m.hasServer() {
		m.family.forget()
	}
}

func (m *undoList) hasServer() bool {
	return slices.ContainsFunc(m.open, func(u undo) bool { return u.Kind == undoServer })
}

// watch remembers who belongs to a server, so that an orphan is still known as one that has neither its mark nor its
// process group.
func (m *undoList) watch() {
	if m.hasServer() {
		_, _ = m.family.look() // what cannot be seen now is looked for again at the next question
	}
}

// due is when the next record is overdue; false: none ever is.
func (m *undoList) due() (at time.Time, any bool) {
	for _, u := range m.open {
		if !u.Until.IsZero() && (!any || u.Until.Before(at)) {
			at, any = u.Until, true
		}
	}
	return at, any
}

// overdue mends what has been there longer than it may be; what cannot be mended is kept and tried again.
func (m *undoList) overdue(now time.Time) (mended []undo) {
	for _, u := range slices.Backward(slices.Clone(m.open)) {
		if !u.Until.IsZero() && now.After(u.Until) && u.mend() == nil {
			m.drop(u.ID)
			mended = append(mended, u)
		}
	}
	return mended
}

// mendAll mends everything in reverse, what keeps processes from dying first, and returns what could not be mended;
// that stays open.
func (m *undoList) mendAll() []error {
	// An arbiter that lives would replace each worker that is ended.
	for _, u := range m.open {
		if u.Kind == undoServer {
			m.family.found(u.process)
		}
	}
	left := m.mendThose(undo.releases)
	if err := m.family.end(endLimit); err != nil {
		left = append(left, err)
	}
	return append(left, m.mendThose(func(u undo) bool { return !u.releases() })...)
}

func (m *undoList) mendThose(chosen func(undo) bool) (left []error) {
	for _, u := range slices.Backward(slices.Clone(m.open)) {
		if !chosen(u) {
			continue
		}
		if err := u.mend(); err != nil {
			left = append(left, fmt.Errorf("%s: %w", u, err))
			continue
		}
		m.drop(u.ID)
		if m.mended != nil {
			m.mended(u)
		}
	}
	return left
}
