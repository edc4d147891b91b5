package hit

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// ErrDropped is a hit that was given up before it was sent.
var ErrDropped = errors.New("given up before it could be sent")

// ErrTimeout is a hit whose time ran out after it was sent.
var ErrTimeout = errors.New("no whole answer within the time limit")

// ErrResent is a hit that the client library sent again by itself: its first sending was lost.
var ErrResent = errors.New("lost with its connection, and sent again by the client library")

// ErrUnanswered is a hit that had no answer when the attack ended.
var ErrUnanswered = errors.New("no answer when the attack ended")

// ErrMalformed is an answer that is not HTTP.
var ErrMalformed = errors.New("the answer is not HTTP")

// Classify names the class of an error. It never looks at the text, except for what net/http has no type for.
func Classify(err error) Class {
	var protocol net.Error
	switch {
	case err == nil:
		return ClassOK
	case errors.Is(err, ErrDropped):
		return ClassDropped
	case errors.Is(err, ErrResent):
		return ClassResent
	case errors.Is(err, ErrUnanswered):
		return ClassUnanswered
	case errors.Is(err, ErrTimeout), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return ClassTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return ClassRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ClassReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return ClassClosed
	case errors.Is(err, ErrMalformed):
		return ClassMalformed
	case errors.As(err, &protocol) && protocol.Timeout():
		return ClassTimeout
	}
	return ClassOther
}
