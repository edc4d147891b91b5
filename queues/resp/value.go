package resp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

const (
	mostBulk  = 64 << 20 // bytes of one string: what is longer is no answer to what we ask
	mostItems = 1 << 20  // of one list
	mostDepth = 8        // lists within lists
)

// An Error is what the server answered instead of a value, such as "WRONGPASS invalid username-password pair".
type Error string

func (e Error) Error() string { return "redis: " + string(e) }

// errProtocol is an answer of which the end cannot be found: the connection is of no use any more.
var errProtocol = errors.New("the server's answer is not Redis's protocol")

// read takes one answer: nil, int64, string, Error or []any of these.
func read(r *bufio.Reader, depth int) (any, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil, errProtocol
		}
		return nil, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return nil, errProtocol
	}
	kind, rest := line[0], string(line[1:len(line)-2])
	switch kind {
	case '+':
		return rest, nil
	case '-':
		return Error(rest), nil
	case ':', '$', '*':
	default:
		return nil, fmt.Errorf("%w: it begins with %q", errProtocol, kind)
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %q is no number", errProtocol, rest)
	case kind == ':':
		return n, nil
	case n == -1:
		return nil, nil
	case n < 0, kind == '$' && n > mostBulk, kind == '*' && (n > mostItems || depth == mostDepth):
		return nil, fmt.Errorf("%w: a length of %d", errProtocol, n)
	case kind == '$':
		return readBulk(r, int(n))
	}
	var list []any
	for range n {
		one, err := read(r, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

func readBulk(r *bufio.Reader, n int) (any, error) {
	text := make([]byte, n+2)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	if text[n] != '\r' || text[n+1] != '\n' {
		return nil, errProtocol
	}
	return string(text[:n]), nil
}

// command writes a command as the list of strings that it is.
func command(to []byte, words []string) []byte {
	to = fmt.Appendf(to, "*%d\r\n", len(words))
	for _, word := range words {
		to = fmt.Appendf(to, "$%d\r\n", len(word))
		to = append(append(to, word...), "\r\n"...)
	}
	return to
}
