package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

// maxStory bounds the story of one variant; beyond it the oldest line of server or workers goes, for they are the
// many, and where there is none the oldest of all.
const maxStory = 2000

// A story is what happened in one variant, in words, as the records came.
type story struct {
	told   []Line
	number int          // of the last line told
	places map[int]bool // that have had a process
	faults map[string]history.FaultAsked
	ending bool
	calm   bool // nothing is planned to be broken
}

func (s *story) tell(at time.Duration, kind LineKind, format string, args ...any) {
	if len(s.told) >= maxStory {
		i := slices.IndexFunc(s.told, func(l Line) bool {
			return l.Kind == LineServer || l.Kind == LineBorn || l.Kind == LineDied
		})
		s.told = slices.Delete(s.told, max(i, 0), max(i, 0)+1)
	}
	s.number++
	s.told = append(s.told, Line{At: at, Kind: kind, Text: fmt.Sprintf(format, args...), number: s.number})
}

func (s *story) add(r history.Record) {
	switch ev := r.Event.(type) {
	case history.PhaseStarted:
		s.phase(r.At, ev)
	case history.ServerStarted:
		if ev.PID == 0 {
			s.tell(r.At, LineServer, "the server is at %s", ev.Address)
			return
		}
		s.tell(r.At, LineServer, "server accepts on %s (arbiter pid %d)", ev.Address, ev.PID)
	case history.ServerSaid:
		s.said(r.At, ev)
	case history.WorkerSeen:
		s.seen(r.At, ev)
	case history.WorkerGone:
		s.gone(r.At, ev)
	case history.WorkerReleased:
		delete(s.places, ev.Worker)
		s.tell(r.At, LineBorn, "pid %d is no worker: it has started some", ev.PID)
	case history.FaultAsked, history.FaultInEffect, history.FaultHealed, history.FaultFailed:
		s.fault(r.At, r.Event)
	case history.RateChanged:
		if ev.Rate == 0 {
			s.tell(r.At, LinePhase, "load paused")
		} else {
			s.tell(r.At, LinePhase, "load changed to %g/s", ev.Rate)
		}
	case history.Trouble:
		s.tell(r.At, LineTrouble, "%s", ev.Text)
	case history.Interrupted:
		s.tell(r.At, LinePhase, "interrupted by %s", ev.By)
	case history.ServerStopped:
		s.stopped(r.At, ev)
	}
}

func (s *story) phase(at time.Duration, ev history.PhaseStarted) {
	s.ending = ev.Phase == history.Ending
	text, ok := map[string]string{
		history.Starting: "the server boots",
		history.Before:   "load begins; nothing is broken yet",
		history.During:   "the fault is due",
		history.After:    "no fault any more: does it recover?",
		history.Ending:   "load ends; what was accepted is followed to its end",
	}[ev.Phase]
	switch {
	case ev.Phase == history.Before && ev.Planned == 0: // nothing is sent
		text = "it is watched from now on"
	case ev.Phase == history.Before && s.calm:
		text = "load begins"
	case ev.Phase == history.Ending && s.calm:
		text = "load ends; what was sent is waited for"
	}
	if !ok {
		text = ev.Phase
	}
	s.tell(at, LinePhase, "%s", text)
}

func (s *story) fault(at time.Duration, event history.Event) {
	if s.faults == nil {
		s.faults = map[string]history.FaultAsked{}
	}
	switch ev := event.(type) {
	case history.FaultAsked:
		s.faults[ev.ID] = ev
	case history.FaultInEffect:
		asked := s.faults[ev.ID]
		text := asked.Fault + " on " + asked.Target
		if ev.PID > 0 && ev.PID != asked.PID {
			text += fmt.Sprintf(" by pid %d", ev.PID)
		}
		if asked.For > 0 {
			text += ", for " + words.Planned(asked.For)
		}
		if asked.By == "person" {
			text += ", by hand: a person asked for it"
		}
		if ev.Detail != "" {
			text += ": " + ev.Detail
		}
		s.tell(at, LineFault, "%s", text)
	case history.FaultHealed:
		if asked := s.faults[ev.ID]; asked.For > 0 {
			text := asked.Fault + " healed: " + ev.Why
			if !ev.Verified {
				text += " (not verified)"
			}
			s.tell(at, LineHealed, "%s", text)
		}
	case history.FaultFailed:
		s.tell(at, LineTrouble, "%s failed: %s", s.faults[ev.ID].Fault, ev.Reason)
	}
}

func (s *story) said(at time.Duration, ev history.ServerSaid) {
	if s.ending {
		return
	}
	who := fmt.Sprintf("worker %d (pid %d)", ev.Worker, ev.PID)
	switch ev.Event {
	case "worker-timeout":
		s.tell(at, LineServer, "arbiter: %s gave no sign of life within its timeout", who)
	case "worker-signalled":
		s.tell(at, LineServer, "arbiter: sends %s to %s", ev.Fields["signal"], who)
	case "worker-boot-failed":
		s.tell(at, LineServer, "arbiter: %s failed to boot", who)
	}
}

func (s *story) seen(at time.Duration, ev history.WorkerSeen) {
	if s.places == nil {
		s.places = map[int]bool{}
	}
	again := s.places[ev.Worker]
	s.places[ev.Worker] = true
	if again && !s.ending {
		s.tell(at, LineBorn, "worker %d: a new process takes the place, pid %d", ev.Worker, ev.PID)
	}
}

func (s *story) gone(at time.Duration, ev history.WorkerGone) {
	if s.ending {
		return
	}
	how := fmt.Sprintf("left with exit code %d", ev.Code)
	switch {
	case ev.Unknown:
		how = "is gone (how is not known)"
	case ev.Signal != "":
		how = "was killed by " + ev.Signal
		if ev.By != "" {
			how += " from " + ev.By
		}
	}
	s.tell(at, LineDied, "worker %d (pid %d) %s", ev.Worker, ev.PID, how)
}

func (s *story) stopped(at time.Duration, ev history.ServerStopped) {
	switch {
	case len(ev.Left) > 0:
		s.tell(at, LineServer, "server stopped; %d of its processes had to be killed", len(ev.Left))
	case ev.Signal != "":
		s.tell(at, LineServer, "server ended by %s", ev.Signal)
	default:
		s.tell(at, LineServer, "server stopped (exit code %d)", ev.Code)
	}
}

// lines are the whole story: what was told, and the incidents between, by time.
func (s *story) lines(incidents []diagnose.Incident) []Line {
	all := slices.Clone(s.told)
	for _, in := range incidents {
		all = append(all, incidentLines(in)...)
	}
	slices.SortStableFunc(all, func(a, b Line) int { return int(a.At - b.At) })
	return all
}

func incidentLines(in diagnose.Incident) []Line {
	var out []Line
	line := func(at time.Duration, kind LineKind, key, format string, args ...any) {
		out = append(out, Line{At: at, Kind: kind, Text: fmt.Sprintf(format, args...),
			key: fmt.Sprintf("%d/%s", in.ID, key)})
	}
	if in.Kind != diagnose.KindHang {
		for _, v := range in.Victims {
			line(v.From, LineHang, fmt.Sprint("crash", v.PID), "CRASH #%d worker %d (pid %d): %s", in.ID, v.Place,
				v.PID, in.Cause.Short)
		}
		return out
	}
	if in.Symptom >= 0 && len(in.Victims) > 0 {
		v := in.Victims[0]
		line(in.Symptom, LineSuspect, "suspect", "worker %d (pid %d): work present, no progress", v.Place, v.PID)
	}
	line(in.Detected, LineHang, "hang", "HANG #%d %s: %s", in.ID, words.Count(in.Places(), "worker"), in.Cause.Sentence)
	if in.Cause.Remedy != "" {
		line(in.Detected, LineHang, "remedy", "#%d the guide: %s", in.ID, in.Cause.Remedy)
	}
	for _, v := range in.Victims {
		if v.To >= 0 {
			line(v.To, LineOver, fmt.Sprint("end", v.PID, v.From), "#%d worker %d (pid %d) stood still for %s: %s",
				in.ID, v.Place, v.PID, words.Seconds(v.To-v.From), v.End)
		}
	}
	if in.Recovered >= 0 {
		line(in.Recovered, LineOver, "over", "#%d over: every worker makes progress again", in.ID)
	}
	return out
}
