package http1

import "time"

const (
	longestSleep = time.Millisecond // longest sleep in which answers are left lying
	// Answers that must come in one piece and with their moment before the loop sleeps (again).
	wakefulAnswers = 64
)

// An idleSleep says whether the loop may sleep over answers. Where hits follow one another closely it need not be woken for
// each answer, which has its moment from the kernel: it sleeps until the next hit is due and takes what has come
// meanwhile. A sleep and its end cost more than all else of a hit together. Pieces of an answer that came during one
// such sleep are read as one: of them the moment of the last is known, the first byte's is not.
type idleSleep struct {
	wakeful int // answers that must come in one piece, and with their moments, before the loop sleeps over some
	awakeBy int // how many of them are still to come
	watched int // connections for which the loop stays awake
}

// awake keeps the loop from sleeping over the next answers: one had no moment, or came in pieces, of which the first
// one's moment would be lost.
func (s *idleSleep) awake() { s.awakeBy = s.wakeful }

// whole counts an answer that came in one piece.
func (s *idleSleep) whole() { s.awakeBy = max(s.awakeBy-1, 0) }

// watch keeps the loop awake, or no longer, for a connection that is being made or whose request does not fit the
// socket: the kernel notes no moments of that.
func (s *idleSleep) watch(c *conn, on bool) {
	if c.watched == on {
		return
	}
	c.watched = on
	if on {
		s.watched++
	} else {
		s.watched--
	}
}

// maySleep says whether the loop may sleep for so long and leave alone what comes meanwhile.
func (s *idleSleep) maySleep(patience time.Duration) bool {
	return s.awakeBy == 0 && s.watched == 0 && patience <= longestSleep
}
