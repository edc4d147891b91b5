package http1

import "time"

const (
	dozeMost   = time.Millisecond // longest sleep in which answers are left lying
	soberAfter = 64               // answers that must come in one piece and with their moment before the loop sleeps (again)
)

// A vigil says whether the loop may sleep over answers. Where hits follow one another closely it need not be woken for
// each answer, which has its moment from the kernel: it sleeps until the next hit is due and takes what has come
// meanwhile. A sleep and its end cost more than all else of a hit together. Pieces of an answer that came during one
// such sleep are read as one: of them the moment of the last is known, the first byte's is not.
type vigil struct {
	sober   int // answers that must come in one piece, and with their moments, before the loop sleeps over some
	awakeBy int // how many of them are still to come
	watched int // connections for which the loop stays awake
}

// awake keeps the loop from sleeping over the next answers: one had no moment, or came in pieces, of which the first
// one's moment would be lost.
func (v *vigil) awake() { v.awakeBy = v.sober }

// whole counts an answer that came in one piece.
func (v *vigil) whole() { v.awakeBy = max(v.awakeBy-1, 0) }

// watch keeps the loop awake, or no longer, for a connection that is being made or whose request does not fit the
// socket: the kernel notes no moments of that.
func (v *vigil) watch(c *conn, on bool) {
	if c.watched == on {
		return
	}
	c.watched = on
	if on {
		v.watched++
	} else {
		v.watched--
	}
}

// dozes says whether the loop may sleep for so long and leave alone what comes meanwhile.
func (v *vigil) dozes(patience time.Duration) bool {
	return v.awakeBy == 0 && v.watched == 0 && patience <= dozeMost
}
