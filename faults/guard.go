package faults

import (
	"encoding/json"
	"errors"
	"io"
	"os/signal"
	"syscall"
	"time"
)

// againAfter is when the guardian tries again to mend what is overdue and could not be mended.
const againAfter = 250 * time.Millisecond

// guard is the guardian's process: it holds the records and answers until hangtime closes the pipe, by asking or by dying.
func guard(name, mark string, in io.Reader, out io.Writer) int {
	// It has its own session; what else may come on the way out of a terminal or a container must not keep it from mending.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE)
	replies := json.NewEncoder(out)
	book, err := createJournal(name, mark)
	if err != nil {
		_ = replies.Encode(reply{err.Error()})
		return 1
	}
	if err := replies.Encode(reply{}); err != nil {
		return 1
	}
	w := &undoList{family: newFamily(mark)}
	closing := answerQuestions(w, book, questions(in), replies)
	left := w.mendAll()
	if len(left) == 0 {
		left = append(left, book.remove()) // nil when it went
	}
	if closing {
		_ = replies.Encode(replyOf(errors.Join(left...)))
	}
	if errors.Join(left...) != nil {
		return 1 // the journal stays, for `hangtime undo`
	}
	return 0
}

// questions reads what hangtime asks; it is closed at the end of the pipe. Its goroutine ends with the process at the
// latest.
func questions(in io.Reader) <-chan question {
	asked := make(chan question)
	go func() {
		defer close(asked)
		lines := json.NewDecoder(in)
		for {
			var q question
			if lines.Decode(&q) != nil {
				return
			}
			asked <- q
		}
	}()
	return asked
}

// answerQuestions goes on until it is asked to close (true) or hangtime is gone (false). Between questions it sleeps
// until the next record is overdue, if there is one.
func answerQuestions(w *undoList, book *journal, asked <-chan question, replies *json.Encoder) (closing bool) {
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		select {
		case q, ok := <-asked:
			if !ok {
				return false
			}
			if q.Ask == askClose {
				return true
			}
			if replies.Encode(replyOf(w.answer(q, book))) != nil {
				return false
			}
			w.watch()
		case now := <-alarm.C:
			for _, u := range w.overdue(now) {
				_ = book.write(journalEntry{Drop: u.ID}) // at worst it is mended twice
			}
		}
		alarm.Stop()
		if due, any := w.due(); any {
			alarm.Reset(max(time.Until(due), againAfter))
		}
	}
}

// answer does what was asked; the record is on disk when it returns.
func (w *undoList) answer(q question, book *journal) error {
	switch q.Ask {
	case askAdd:
		if err := w.add(q.Record); err != nil {
			return err
		}
		return book.write(journalEntry{Add: &q.Record})
	case askDrop:
		w.drop(q.Record.ID)
		return book.write(journalEntry{Drop: q.Record.ID})
	}
	return errors.New("the guardian does not know " + q.Ask)
}

func replyOf(err error) reply {
	if err == nil {
		return reply{}
	}
	return reply{err.Error()}
}
