package tui

// wind moves through a recording.
func (s *stage) wind(a action) {
	p := s.player
	if p == nil {
		return
	}
	s.stay = false
	switch a {
	case doPlay:
		p.toggle()
	case doBackward:
		p.move(-second)
	case doForward:
		p.move(second)
	case doFarBack:
		p.move(-10 * second)
	case doFarOn:
		p.move(10 * second)
	case doStepBack:
		p.playing = false
		p.move(-second / 10)
	case doStep:
		p.playing = false
		p.move(second / 10)
	case doSpeedUp:
		p.speed = min(p.speed+1, len(speeds())-1)
	case doSlowDown:
		p.speed = max(p.speed-1, 0)
	case doNext, doPrevious:
		if !p.jump(a == doNext) {
			s.say("no incident in that direction")
		}
	}
}
