package history

import (
	"fmt"
	"io"
)

// What a recording may be unpacked to: real ones are 5 to 15 times as large as their file, and gzip can pack a thousand
// times (a bomb).
const (
	mostRatio   = 200
	alwaysTaken = 16 << 20 // bytes, whatever they were packed to
)

// counted counts what was read.
type counted struct {
	src io.Reader
	n   int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.n += int64(n)
	return n, err
}

// unpacked reads what was packed, as long as it is in proportion.
type unpacked struct {
	packed *counted
	src    io.Reader
	n      int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.src.Read(p)
	u.n += int64(n)
	if u.n > alwaysTaken && u.n/mostRatio > u.packed.n {
		return 0, fmt.Errorf("%d bytes of the file unpack to over %d: this file was not written by hangtime", u.packed.n, u.n)
	}
	return n, err
}
