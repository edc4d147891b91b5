package faults

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// What hangtime asks of its guardian.
const (
	askAdd   = "add"   // hold this record
	askDrop  = "drop"  // it was mended
	askClose = "close" // mend everything and end
)

type question struct {
	Ask    string `json:"ask"`
	Record undo   `json:"record,omitzero"`
}

type answer struct {
	Error string `json:"error,omitempty"`
}

// againAfter is when the guardian tries again to mend what is overdue and could not be mended.
const againAfter = 250 * time.Millisecond

// guard is the guardian's process: it holds the records and answers until hangtime closes the pipe, by asking or by dying.
func guard(name, mark string, in io.Reader, out io.Writer) int {
	// It has its own session; what else may come on the way out of a terminal or a container must not keep it from mending.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE)
	replies := json.NewEncoder(out)
	book, err := createJournal(name, mark)
	if err != nil {
		_ = replies.Encode(answer{err.Error()})
		return 1
	}
	if err := replies.Encode(answer{}); err != nil {
		return 1
	}
	w := &undoList{family: newFamily(mark)}
	closing := serve(w, book, questions(in), replies)
	left := w.mendAll()
	if len(left) == 0 {
		left = append(left, book.remove()) // nil when it went
	}
	if closing {
		_ = replies.Encode(answerOf(errors.Join(left...)))
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

// serve answers until it is asked to close (true) or hangtime is gone (false). Between questions it sleeps until the
// next record is overdue, if there is one.
func serve(w *undoList, book *journal, asked <-chan question, replies *json.Encoder) (closing bool) {
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
			if replies.Encode(answerOf(w.take(q, book))) != nil {
				return false
			}
			w.watch()
		case now := <-alarm.C:
			for _, u := range w.overdue(now) {
				_ = book.write(entry{Drop: u.ID}) // at worst it is mended twice
			}
		}
		alarm.Stop()
		if due, any := w.due(); any {
			alarm.Reset(max(time.Until(due), againAfter))
		}
	}
}

// take does what was asked; the record is on disk when it returns.
func (w *undoList) take(q question, book *journal) error {
	switch q.Ask {
	case askAdd:
		if err := w.add(q.Record); err != nil {
			return err
		}
		return book.write(entry{Add: &q.Record})
	case askDrop:
		w.drop(q.Record.ID)
		return book.write(entry{Drop: q.Record.ID})
	}
	return errors.New("the guardian does not know " + q.Ask)
}

func answerOf(err error) answer {
	if err == nil {
		return answer{}
	}
	return answer{err.Error()}
}

// The roles are the first argument of hangtime's own processes, and the value of roleName in their environment:
// a person who types such a word gets the usual answer of the command line.
const (
	roleName     = "HANGTIME_ROLE"
	roleGuardian = "guardian"
	roleHoldLock = "hold-lock"
	roleKeepFile = "keep-file"
	roleSlowDisk = "slow-disk"
)

// Role runs this process as the guardian or as the helper of a fault, when it was started as one.
func Role(args []string) (handled bool, code int) {
	if len(args) < 3 || os.Getenv(roleName) != args[0] {
		return false, 0
	}
	switch args[0] {
	case roleGuardian:
		return true, guard(args[1], args[2], os.Stdin, os.Stdout)
	case roleHoldLock:
		return true, holdLock(args[1], args[2], os.Stdin, os.Stdout)
	case roleKeepFile:
		return true, keepFile(os.Stdin)
	case roleSlowDisk:
		return true, serveSlowDisk(args[1], args[2], os.Stdin, os.Stdout)
	}
	return false, 0
}
