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

// key is what spots and code objects are joined by; which of the spots with one key it is, at says.
func (s spot) key() spot { return spot{s.place, method(s.function)} }

// at says whether a frame runs the function of a spot.
func (r *Reader) at(f frame, s spot) bool {
	if r.layout.version != 0x030a {
		return f.code.function == s.function || strings.HasSuffix(f.code.function, "."+s.function)
	}
	if class := s.class(); class != "" && f.code.own >= 0 { // without qualified names the object says whose method it is
		return r.derives(r.typeOf(r.own(f)), class)
	}
	return true
}

// spots are the functions that say something: read once, looked up once for each code object.
type spots struct {
	idle   map[spot][]idleSpot
	fetch  map[spot][]idleSpot
	pools  map[spot][]spot
	ends   map[spot][]spot
	waits  map[spot][]waitSpot
	awaits map[spot][]waitSpot
	greens map[spot][]waitSpot
}

func newSpots() *spots {
	s := &spots{idle: map[spot][]idleSpot{}, fetch: map[spot][]idleSpot{}, pools: map[spot][]spot{}, ends: map[spot][]spot{},
		waits: map[spot][]waitSpot{}, awaits: map[spot][]waitSpot{}, greens: map[spot][]waitSpot{}}
	for _, one := range idleSpots() {
		s.idle[one.key()] = append(s.idle[one.key()], one)
	}
	for _, one := range fetchSpots() {
		s.fetch[one.key()] = append(s.fetch[one.key()], one)
	}
	for _, one := range poolSpots() {
		s.pools[one.key()] = append(s.pools[one.key()], one)
	}
	for _, one := range endSpots() {
		s.ends[one.key()] = append(s.ends[one.key()], one)
	}
	for _, one := range waitSpots() {
		s.waits[one.key()] = append(s.waits[one.key()], one)
	}
	for _, one := range awaitSpots() {
		s.awaits[one.key()] = append(s.awaits[one.key()], one)
	}
	for _, one := range greenSpots() {
		s.greens[one.key()] = append(s.greens[one.key()], one)
	}
	return s
}

// said is what the spots say of one code object.
type said struct {
	idle, fetches         []idleSpot
	pools, ends           []spot
	waits, awaits, greens []waitSpot
}

func (s *spots) of(c *code) said {
	if !c.library {
		return said{}
	}
	key := spot{c.place, method(c.function)}
	return said{idle: s.idle[key], fetches: s.fetch[key], pools: s.pools[key], ends: s.ends[key], waits: s.waits[key], awaits: s.awaits[key],
		greens: s.greens[key]}
}
