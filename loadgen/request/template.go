package request

import (
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A template is text with places that are filled anew for each hit. The same seed and hit fill it alike.
type template struct {
	pieces  []scenarios.Piece
	counter *atomic.Uint64
}

// newTemplate reads a text; templates of one target share its counter.
func newTemplate(text string, counter *atomic.Uint64) (*template, error) {
	pieces, err := scenarios.ParseTemplate(text)
	return &template{pieces, counter}, err
}

const hexDigits = "0123456789abcdef"

// append fills the template for one hit; count is the target's counter for it.
func (t *template) append(to []byte, seq, count uint64, random *rand.PCG) []byte {
	for i := range t.pieces {
		p := &t.pieces[i]
		switch p.Fill {
		case scenarios.FillNothing:
			to = append(to, p.Text...)
		case scenarios.FillSeq:
			to = strconv.AppendUint(to, seq, 10)
		case scenarios.FillCounter:
			to = strconv.AppendUint(to, count, 10)
		case scenarios.FillRandom:
			to = strconv.AppendInt(to, p.Min+int64(random.Uint64()%uint64(p.Max-p.Min+1)), 10)
		case scenarios.FillHex:
			to = appendHex(to, int(p.Max), random)
		case scenarios.FillUUID:
			to = appendUUID(to, random)
		}
	}
	return to
}

func appendHex(to []byte, digits int, random *rand.PCG) []byte {
	for digits > 0 {
		bits := random.Uint64()
		for range min(digits, 16) {
			to = append(to, hexDigits[bits&15])
			bits >>= 4
		}
		digits -= min(digits, 16)
	}
	return to
}

// appendUUID appends a random UUID (RFC 9562, version 4).
func appendUUID(to []byte, random *rand.PCG) []byte {
	at := len(to)
	for _, digits := range []int{8, 4, 4, 4, 12} {
		if len(to) > at {
			to = append(to, '-')
		}
		to = appendHex(to, digits, random)
	}
	to[at+14] = '4'
	to[at+19] = hexDigits[8|random.Uint64()&3]
	return to
}
