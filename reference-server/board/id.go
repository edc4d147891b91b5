package board

import (
	"fmt"
	"strconv"
	"strings"
)

// IDs are the names of this server's tasks for the outside.
type IDs struct{ head *header }

// Of is the name of task n for the outside, and Number the way back; ok is false for what this server never gave out.
func (i *IDs) Of(n uint64) string { return string(i.Append(nil, n)) }

// Append appends the name of task n.
func (i *IDs) Append(to []byte, n uint64) []byte {
	to = strconv.AppendUint(to, i.head.nonce.Load(), 36)
	to = append(to, '-')
	return strconv.AppendUint(to, n, 10)
}

// Number is the task that an id names.
func (i *IDs) Number(id string) (n uint64, err error) {
	nonce, number, ok := strings.Cut(id, "-")
	if !ok {
		return 0, fmt.Errorf("want an id such as %s, got %q", i.Of(1), id)
	}
	given, err1 := strconv.ParseUint(nonce, 36, 64)
	n, err2 := strconv.ParseUint(number, 10, 56)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("want an id such as %s, got %q", i.Of(1), id)
	}
	if given != i.head.nonce.Load() {
		return 0, nil // of another server: unknown
	}
	return n, nil
}
