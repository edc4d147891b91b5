package diagnose

import "time"

// A place is one worker's place in the pool.
type place struct {
	number int
	now    *process
	before *process // who had it before, as long as it may turn out that its successor's place is another
	lives  int
	gone   time.Duration // when its process was gone without a crash; unset: it is not
	closed bool          // the pool has shrunk: nobody has taken the place for a while
	lane   []State
	cell   int64 // number of the cell that is being filled
	worst  State // in that cell
}

// note puts a state into the cell that is being filled.
func (pl *place) note(s State) {
	if severity(s) > severity(pl.worst) {
		pl.worst = s
	}
}

// severity orders states for a cell of a lane: it shows the worst that was in it.
func severity(s State) int {
	switch s {
	case Idle:
		return 1
	case Busy:
		return 2
	case Booting:
		return 3
	case Unknown:
		return 3
	case Suspect:
		return 4
	case Dead:
		return 5
	case Stopped:
		return 6
	case Hung:
		return 7
	}
	return 0
}
