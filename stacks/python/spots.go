package python

// A spotTable has the functions that say something: read once, looked up once for each code object.
type spotTable struct {
	idle   map[spot][]idleSpot
	fetch  map[spot][]idleSpot
	pools  map[spot][]poolSpot
	own    map[spot][]spot
	boots  map[spot][]bootSpot
	helper map[spot][]spot
	ends   map[spot][]spot
	waits  map[spot][]waitSpot
	awaits map[spot][]waitSpot
	greens map[spot][]waitSpot
}

func newSpotTable() *spotTable {
	s := &spotTable{idle: map[spot][]idleSpot{}, fetch: map[spot][]idleSpot{}, pools: map[spot][]poolSpot{},
		own: map[spot][]spot{}, helper: map[spot][]spot{}, boots: map[spot][]bootSpot{}, ends: map[spot][]spot{}, waits: map[spot][]waitSpot{}, awaits: map[spot][]waitSpot{}, greens: map[spot][]waitSpot{}}
	for _, one := range idleSpots() {
		s.idle[one.key()] = append(s.idle[one.key()], one)
	}
	for _, one := range fetchSpots() {
		s.fetch[one.key()] = append(s.fetch[one.key()], one)
	}
	for _, one := range poolSpots() {
		s.pools[one.key()] = append(s.pools[one.key()], one)
	}
	for _, one := range ownJobSpots() {
		s.own[one.key()] = append(s.own[one.key()], one)
	}
	for _, one := range bootSpots() {
		s.boots[one.key()] = append(s.boots[one.key()], one)
	}
	for _, one := range helperSpots() {
		s.helper[one.key()] = append(s.helper[one.key()], one)
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
	pools                 []poolSpot
	boots                 []bootSpot
	own, helpers, ends    []spot
	waits, awaits, greens []waitSpot
}

// of is what they say of a library's function.
func (s *spotTable) of(function spot) said {
	key := function.key()
	return said{idle: s.idle[key], fetches: s.fetch[key], pools: s.pools[key], own: s.own[key], boots: s.boots[key], helpers: s.helper[key], ends: s.ends[key], waits: s.waits[key],
		awaits: s.awaits[key], greens: s.greens[key]}
}
