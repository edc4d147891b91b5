package sockdiag

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

var errDump = errors.New("malformed answer of sock_diag")

// parseDump goes through one message of an answer and says whether the answer is whole. Messages with another number,
// of a request before that broke off, are passed over.
func parseDump(data []byte, seq uint32, each func(body []byte) error) (done bool, err error) {
	order := binary.NativeEndian
	for len(data) >= headerSize {
		size, kind := int(order.Uint32(data)), order.Uint16(data[4:])
		if size < headerSize || size > len(data) {
			return true, errDump
		}
		from, body := order.Uint32(data[8:]), data[headerSize:size]
		data = data[min((size+3)&^3, len(data)):]
		if from != seq {
			continue
		}
		switch kind {
		case unix.NLMSG_DONE:
			return true, nil
		case unix.NLMSG_ERROR:
			if len(body) < 4 {
				return true, errDump
			}
			return true, unix.Errno(-int32(order.Uint32(body)))
		case sockDiagByFamily:
			if err := each(body); err != nil {
				return true, err
			}
		}
	}
	return false, nil
}

// parseAnswers goes through answers to single questions and counts them; an error in one says that the socket is no more.
func parseAnswers(data []byte, seq uint32, each func(body []byte) error) (answers int, err error) {
	order := binary.NativeEndian
	for len(data) >= headerSize {
		size, kind := int(order.Uint32(data)), order.Uint16(data[4:])
		if size < headerSize || size > len(data) {
			return answers, errDump
		}
		from, body := order.Uint32(data[8:]), data[headerSize:size]
		data = data[min((size+3)&^3, len(data)):]
		if from != seq {
			continue
		}
		answers++
		if kind == sockDiagByFamily {
			if err := each(body); err != nil {
				return answers, err
			}
		}
	}
	return answers, nil
}
