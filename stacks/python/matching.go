package python

import "strings"

// runs says whether a frame runs the function of a spot.
func (u *unwinder) runs(f stackFrame, s spot) bool {
	if u.layout.version != 0x030a {
		return f.code.function == s.function || strings.HasSuffix(f.code.function, "."+s.function)
	}
	if class := s.class(); class != "" && f.code.own >= 0 { // without qualified names the object says whose method it is
		return u.objects.derives(u.objects.typeOf(u.own(f)), class)
	}
	return true
}

// matching is the row of a table that a frame is in; nil: none.
func (u *unwinder) matching(f stackFrame, rows []waitSpot) *waitSpot {
	for i := range rows {
		if u.runs(f, rows[i].spot) {
			return &rows[i]
		}
	}
	return nil
}
