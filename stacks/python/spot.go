package python

import "strings"

// A spot is a function of the language's library or of an installed package: where its file is below the folder that
// libraries are in, and its qualified name.
type spot struct{ place, function string }

// method is the last part of a function's name, which is all that 3.10 keeps of it.
func method(function string) string { return function[strings.LastIndexByte(function, '.')+1:] }

// class is the part before it; empty: it is no method.
func (s spot) class() string {
	if i := strings.LastIndexByte(s.function, '.'); i >= 0 {
		return s.function[:i]
	}
	return ""
}

// key is what spots and code objects are joined by; which of the spots with one key it is, runs says.
func (s spot) key() spot { return spot{s.place, method(s.function)} }
