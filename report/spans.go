package report

import (
	"time"

	"github.com/hangtime-dev/hangtime/history"
)

// A FaultSpan is one fault from when it was seen in effect to its heal.
type FaultSpan struct {
	ID     string
	Kind   string
	Target string
	From   time.Duration
	To     time.Duration // -1: not healed yet; equal to From for one that is over at once
	Worker int           // whose place it was; 0: not one worker's
}

// A PhaseSpan is one phase of a variant.
type PhaseSpan struct {
	Phase string
	From  time.Duration
	To    time.Duration // -1: it goes on
}

// spans keeps when phases and faults began and ended.
type spans struct {
	phases []PhaseSpan
	faults []FaultSpan
	asked  map[string]history.FaultAsked
}

func (s *spans) add(r history.Record) {
	switch ev := r.Event.(type) {
	case history.PhaseStarted:
		s.end(r.At)
		s.phases = append(s.phases, PhaseSpan{ev.Phase, r.At, -1})
	case history.VariantEnded:
		s.end(r.At)
	case history.FaultAsked:
		if s.asked == nil {
			s.asked = map[string]history.FaultAsked{}
		}
		s.asked[ev.ID] = ev
	case history.FaultInEffect:
		asked := s.asked[ev.ID]
		span := FaultSpan{ID: ev.ID, Kind: asked.Fault, Target: asked.Target, From: r.At, To: -1, Worker: asked.Worker}
		if asked.For == 0 {
			span.To = r.At
		}
		s.faults = append(s.faults, span)
	case history.FaultHealed:
		for i := range s.faults {
			if s.faults[i].ID == ev.ID && s.faults[i].To < 0 {
				s.faults[i].To = r.At
			}
		}
	}
}

func (s *spans) end(at time.Duration) {
	if n := len(s.phases); n > 0 {
		s.phases[n-1].To = at
	}
}
