package loadgen

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// class is what became of a hit.
type class uint8

const (
	classOK class = iota
	classStatus
	classTimeout
	classRefused
	classReset
	classClosed
	classMalformed
	classResent
	classDropped
	classUnanswered
	classOther
	classes
)

// name is the class as the history calls it; empty for ok.
func (c class) name() string {
	return [classes]string{"", history.ErrStatus, history.ErrTimeout, history.ErrRefused, history.ErrReset, history.ErrClosed,
		history.ErrMalformed, history.ErrResent, history.ErrDropped, history.ErrUnanswered, history.ErrOther}[c]
}

// An outcome is a hit that has ended. Times are on the run's clock. Engines make one for every hit and hand it over with one append; all counting is done elsewhere.
type outcome struct {
	seq      uint64
	due      time.Duration
	sent     time.Duration // when a sender began it: made its connection or wrote to one; of a dropped hit: when it was given up
	end      time.Duration
	connect  time.Duration // time to make its connection; 0 where one was there
	first    time.Duration // from sent to the first byte of the answer; 0: none came
	bytesIn  uint64
	bytesOut uint64
	target   uint32
	status   uint16
	port     uint16 // our local one
	class    class
	note     *note // nil for most
}

// note is what only few outcomes carry.
type note struct {
	detail string // of a failure, in words
	body   []byte // of a 202, for the ledger
}

// wasSent says whether the hit ever left.
func (o *outcome) wasSent() bool { return o.class != classDropped }

// errDropped is a hit that was given up before it was sent.
var errDropped = errors.New("given up before it could be sent")

// errTimeout is a hit whose time ran out after it was sent.
var errTimeout = errors.New("no whole answer within the time limit")

// errResent is a hit that the client library sent again by itself: its first sending was lost.
var errResent = errors.New("lost with its connection, and sent again by the client library")

// errUnanswered is a hit that had no answer when the attack ended.
var errUnanswered = errors.New("no answer when the attack ended")

// errMalformed is an answer that is not HTTP.
var errMalformed = errors.New("the answer is not HTTP")

// classify names the class of an error. It never looks at the text, except for what net/http has no type for.
func classify(err error) class {
	var protocol net.Error
	switch {
	case err == nil:
		return classOK
	case errors.Is(err, errDropped):
		return classDropped
	case errors.Is(err, errResent):
		return classResent
	case errors.Is(err, errUnanswered):
		return classUnanswered
	case errors.Is(err, errTimeout), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return classTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return classRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return classReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return classClosed
	case errors.Is(err, errMalformed):
		return classMalformed
	case errors.As(err, &protocol) && protocol.Timeout():
		return classTimeout
	}
	return classOther
}

// cutDetail keeps at most 200 bytes of an error's text.
func cutDetail(text string) string { return text[:min(len(text), 200)] }
