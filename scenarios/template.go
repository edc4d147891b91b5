package scenarios

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Piece of a template is plain text, or a place that is filled anew for each hit.
type Piece struct {
	Text     string
	Fill     Filling
	Min, Max int64 // of FillRandom; Max is the number of digits of FillHex
}

// A Filling is what a place of a template is filled with.
type Filling uint8

const (
	FillNothing Filling = iota // it is plain text
	FillSeq
	FillCounter
	FillRandom
	FillHex
	FillUUID
)

// mostDigits bounds {{hex DIGITS}}.
const mostDigits = 1 << 20

// ParseTemplate reads text with {{seq}}, {{counter}}, {{random MIN MAX}}, {{hex DIGITS}} and {{uuid}}.
func ParseTemplate(text string) ([]Piece, error) {
	var pieces []Piece
	for {
		plain, rest, found := strings.Cut(text, "{{")
		if plain != "" {
			pieces = append(pieces, Piece{Text: plain})
		}
		if !found {
			return pieces, nil
		}
		inner, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, fmt.Errorf("template: {{ without }} in %.200q", text)
		}
		p, err := parsePlace(strings.Fields(inner))
		if err != nil {
			return nil, fmt.Errorf("template: {{%.200s}}: %w", inner, err)
		}
		pieces = append(pieces, p)
		text = after
	}
}

func parsePlace(words []string) (Piece, error) {
	const want = "want seq, counter, random MIN MAX, hex DIGITS or uuid"
	if len(words) == 0 {
		return Piece{}, fmt.Errorf("is empty; %s", want)
	}
	numbers := make([]int64, len(words)-1)
	for i, word := range words[1:] {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return Piece{}, fmt.Errorf("%q is no whole number; %s", word, want)
		}
		numbers[i] = n
	}
	switch {
	case words[0] == "seq" && len(numbers) == 0:
		return Piece{Fill: FillSeq}, nil
	case words[0] == "counter" && len(numbers) == 0:
		return Piece{Fill: FillCounter}, nil
	case words[0] == "uuid" && len(numbers) == 0:
		return Piece{Fill: FillUUID}, nil
	case words[0] == "random" && len(numbers) == 2:
		if numbers[1] < numbers[0] || numbers[1]-numbers[0] < 0 || numbers[1]-numbers[0]+1 <= 0 {
			return Piece{}, errors.New("want the smaller number first, and at most 2^63 numbers")
		}
		return Piece{Fill: FillRandom, Min: numbers[0], Max: numbers[1]}, nil
	case words[0] == "hex" && len(numbers) == 1:
		if numbers[0] < 1 || numbers[0] > mostDigits {
			return Piece{}, fmt.Errorf("want 1 to %d digits", mostDigits)
		}
		return Piece{Fill: FillHex, Max: numbers[0]}, nil
	}
	return Piece{}, errors.New(want)
}
