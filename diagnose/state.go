package diagnose

import "time"

// A judge decides in which state each process is. Views that others below hold too are embedded here as well: Go promotes a
// method only where one way to it is the shortest.
type judge struct {
	*server
	*casebook
	idleness
	criterion
	course
	finder
	visibility
	labeller
	explainer
	progress
}

func newJudge(sv *server) judge {
	see, hang := sight{sv}, criterion{sv}
	idle := idleness{activity{see}}
	assigned := assignment{idle}
	waits := waitGraph{capacity{assigned}}
	own := course{waits}
	return judge{
		server: sv, casebook: &casebook{server: sv, lostBy: map[int]uint64{}}, idleness: idle, criterion: hang, course: own,
		finder: finder{
			server: sv, sight: see, criterion: hang, taskFinder: taskFinder{waits}, course: own,
			requestFinder: requestFinder{awaitFinder{waits, hang}},
		},
		visibility: visibility{own}, labeller: labeller{assigned, hang}, explainer: explainer{waits}, progress: progress{idle},
	}
}

// decide moves a process to the state that all that is known of it now amounts to.
func (j *judge) decide(p *process) {
	s, stalled := j.assess(p)
	p.undecided = stalled && s.aimless || j.owedFor(p) >= j.limits.Loop || j.justMet(p) || j.mayTurn(p)
	p.kept = stalled && j.silence(s.from, j.now) >= j.limits.Suspect
	p.unseen = ""
	switch {
	case stalled && (j.hung(s) || p.hang != nil && s.continues(p.stall) && !j.another(p, s)):
		j.hangs(p, s)
		return
	case p.hang != nil && !j.moves(p):
		j.enter(p, p.state, p.since)
		return
	case p.hang != nil:
		j.moved(p)
	}
	next, since := j.calm(p, s, stalled)
	j.enter(p, next, since)
	p.label = j.label(p, s, stalled)
	if stalled && j.silence(s.since(), j.now) >= j.limits.Loop {
		p.stall = s
		cause := j.causeOf(p, s)
		p.cause = &cause // shown beside a slow worker as beside one that hangs: what it is in, and where
	}
}

// calm is the state of a process that is not hung, and since when.
func (j *judge) calm(p *process, s standstill, stalled bool) (State, time.Duration) {
	if stalled && s.limit != never && !j.spared(s) && j.silence(s.from, j.now) >= j.limits.Suspect {
		return Suspect, s.from
	}
	if p.unseen = j.unknown(p, s, stalled); p.unseen != "" {
		from := p.seen
		if p.sample.Inside > 0 {
			from = p.began()
		}
		return Unknown, from
	}
	next := Idle
	switch {
	case p.helps():
	case p.sample.Inside > 0 || p.open > 0 || stalled || len(j.awaited(p)) > 0:
		next = Busy
	case !p.ready && j.now-p.seen < j.limits.Boot:
		next = Booting
	case j.whole && p.noListener && p.lookedAt != unset && (!p.rests || j.onCourse(p) || j.owedFor(p) > 0):
		next = Busy // nothing is seen to be asked of it, and no thread of it is proven to wait for work: it runs
	}
	if next == p.state {
		return next, p.since
	}
	return next, j.now
}

func (j *judge) enter(p *process, next State, since time.Duration) {
	if next == Suspect && p.suspected < 0 {
		p.suspected = j.now
	}
	if next != Suspect && !next.IsHang() {
		p.suspected = -1
	}
	if !next.IsHang() {
		p.cause = nil
	}
	p.state, p.since = next, since
	if pl := j.places[p.place]; pl.now == p {
		pl.note(next)
	}
}

// hangs makes the process a victim, or keeps it one.
func (j *judge) hangs(p *process, s standstill) {
	if p.hang != nil && j.another(p, s) {
		j.moved(p)
	}
	if p.hang != nil && !s.outside() {
		s.from = min(s.from, p.stall.from)
	}
	if p.suspected < 0 {
		p.suspected = j.now
	}
	if j.old(s) && (s.limit == never || j.silence(s.from, j.now) < s.limit) { // its age alone makes it a hang
		s.from = s.since()
	}
	p.stall, p.confirmed, p.label = s, j.now, ""
	cause := j.causeOf(p, s)
	if p.cause == nil || cause.better(*p.cause) {
		p.cause = &cause
	}
	next := Hung
	if s.outside() {
		next = Stopped
	}
	j.enter(p, next, s.from)
	if p.hang == nil {
		j.fell(p)
	} else {
		j.known(p)
	}
	if p.hang != nil {
		p.hang.inside(p, j.now)
	}
}
