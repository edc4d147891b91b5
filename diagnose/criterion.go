package diagnose

import "cmp"

// A criterion tells whether a stall is a hang by now, and which of two stalls is the worse.
type criterion struct{ *server }

// hung says whether a stall is a hang by now: because it cannot end by itself, because others have waited behind it for
// its limit, or because the work is older than any should be. Time in which hangtime itself was late does not count.
func (v criterion) hung(s standstill) bool {
	switch {
	case s.how == byStop || s.how == byFreezer || s.how == byMemory || s.limit == 0:
		return true
	case s.unaided || s.aimless:
		return false
	case v.spared(s):
		return v.old(s)
	case s.limit > 0 && v.silence(s.from, v.now) >= s.limit &&
		(s.shown == 0 || v.silence(s.shown, v.now) >= s.limit-closerLook-3*tickStep):
		return true
	}
	return v.old(s)
}

// spared says whether a stall that keeps nobody else has lasted long enough to be a hang, and is none because others of
// the server answer those who wait.
func (v criterion) spared(s standstill) bool {
	return s.own && s.limit > 0 && v.silence(s.from, v.now) >= s.limit && v.served(v.limits.Loop)
}

// old says whether the work is older than the age from which on it is held to hang whoever waits for it.
func (v criterion) old(s standstill) bool {
	if v.limits.HangAfter <= 0 || s.how == deadLoop || s.nobodys {
		return false
	}
	return v.silence(s.since(), v.now) >= v.limits.HangAfter &&
		(s.shown == 0 || v.silence(s.shown, v.now) >= min(v.limits.HangAfter, v.limits.Loop)-closerLook-3*tickStep)
}

// worse prefers what is a hang already, then what is explained, then what lasts longer.
func (v criterion) worse(a, b standstill) bool {
	rank := func(s standstill) int {
		n := 0
		if v.hung(s) {
			n += 4
		}
		if s.limit != never {
			n += 2
		}
		if s.thread != nil || s.task != nil || s.how == waitingInside {
			n++
		}
		return n
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.from, a.from)) > 0
}
