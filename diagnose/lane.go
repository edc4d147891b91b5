package diagnose

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

// note puts a state into the cell that is being filled.
func (pl *place) note(s State) {
	if severity(s) > severity(pl.worst) {
		pl.worst = s
	}
}

// lanes closes the cells that are over by now. A pause longer than a lane is all the same state.
func (f *server) lanes() {
	cell := int64(f.now / LaneStep)
	for _, pl := range f.places {
		if pl.cell >= cell {
			continue
		}
		pl.lane = append(pl.lane, pl.worst)
		for range min(cell-pl.cell-1, laneCells) {
			pl.lane = append(pl.lane, pl.now.state)
		}
		if over := len(pl.lane) - (laneCells - 1); over > 0 {
			pl.lane = append(pl.lane[:0], pl.lane[over:]...)
		}
		pl.cell, pl.worst = cell, pl.now.state
	}
}
