package request

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
)

// A template is text with places that are filled anew for each hit. The same seed and hit fill it alike.
type template struct {
	pieces  []piece
	counter *atomic.Uint64
}

// piece is plain text, or a place to fill.
type piece struct {
	text     string
	fill     filling
	min, max int64 // of random; max is the number of digits of hex
}

type filling uint8

const (
	fillNothing filling = iota
	fillSeq
	fillCounter
	fillRandom
	fillHex
	fillUUID
)

// mostDigits bounds {{hex DIGITS}}.
const mostDigits = 1 << 20

// parseTemplate reads text with {{seq}}, {{counter}}, {{random MIN MAX}}, {{hex DIGITS}} and {{uuid}}. Templates of one
// target share its counter.
func parseTemplate(text string, counter *atomic.Uint64) (*template, error) {
	t := &template{counter: counter}
	for {
		plain, rest, found := strings.Cut(text, "{{")
		if plain != "" {
			t.pieces = append(t.pieces, piece{text: plain})
		}
		if !found {
			return t, nil
		}
		inner, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, fmt.Errorf("template: {{ without }} in %.200q", text)
		}
		p, err := parsePlace(strings.Fields(inner))
		if err != nil {
			return nil, fmt.Errorf("template: {{%.200s}}: %w", inner, err)
		}
		t.pieces = append(t.pieces, p)
		text = after
	}
}

func parsePlace(words []string) (piece, error) {
	const want = "want seq, counter, random MIN MAX, hex DIGITS or uuid"
	if len(words) == 0 {
		return piece{}, fmt.Errorf("is empty; %s", want)
	}
	numbers := make([]int64, len(words)-1)
	for i, word := range words[1:] {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return piece{}, fmt.Errorf("%q is no whole number", word)
		}
		numbers[i] = n
	}
	switch {
	case words[0] == "seq" && len(numbers) == 0:
		return piece{fill: fillSeq}, nil
	case words[0] == "counter" && len(numbers) == 0:
		return piece{fill: fillCounter}, nil
	case words[0] == "uuid" && len(numbers) == 0:
		return piece{fill: fillUUID}, nil
	case words[0] == "random" && len(numbers) == 2:
		if numbers[1] < numbers[0] || numbers[1]-numbers[0] < 0 || numbers[1]-numbers[0]+1 <= 0 {
			return piece{}, fmt.Errorf("want the smaller number first, and at most 2^63 numbers")
		}
		return piece{fill: fillRandom, min: numbers[0], max: numbers[1]}, nil
	case words[0] == "hex" && len(numbers) == 1:
		if numbers[0] < 1 || numbers[0] > mostDigits {
			return piece{}, fmt.Errorf("want 1 to %d digits", mostDigits)
		}
		return piece{fill: fillHex, max: numbers[0]}, nil
	}
	return piece{}, fmt.Errorf("%s", want)
}

const hexDigits = "0123456789abcdef"

// append fills the template for one hit; count is the target's counter for it.
func (t *template) append(to []byte, seq, count uint64, random *rand.PCG) []byte {
	for i := range t.pieces {
		p := &t.pieces[i]
		switch p.fill {
		case fillNothing:
			to = append(to, p.text...)
		case fillSeq:
			to = strconv.AppendUint(to, seq, 10)
		case fillCounter:
			to = strconv.AppendUint(to, count, 10)
		case fillRandom:
			to = strconv.AppendInt(to, p.min+int64(random.Uint64()%uint64(p.max-p.min+1)), 10)
		case fillHex:
			to = appendHex(to, int(p.max), random)
		case fillUUID:
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
