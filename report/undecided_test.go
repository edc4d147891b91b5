package report

import (
	"testing"

	"github.com/hangtime-dev/hangtime/diagnose"
)

// TestALookGoesOnWhileItMayTell: and what it cannot tell at its end is not called healthy.
func TestALookGoesOnWhileItMayTell(t *testing.T) {
	busy := func(label diagnose.Label, oldest float64) Worker {
		return Worker{State: diagnose.Busy, Label: label, Inside: 1, Oldest: oldest}
	}
	idle, dead := Worker{State: diagnose.Idle}, Worker{State: diagnose.Dead}
	flows, fresh, old := busy(diagnose.Saturated, 6), idle, busy(diagnose.Slow, 11)
	flows.flows, fresh.fresh, old.old = true, true, true
	blank := idle
	blank.blank = true
	answers := Worker{State: diagnose.Suspect, For: 2, unsettled: unsettled{flows: true}}
	for name, row := range map[string]struct {
		workers []Worker
		goesOn  bool
		unsure  int
		young   bool
		stands  float64
	}{
		"no worker was found":                 {nil, false, 0, false, 0},
		"no worker yet of a young server":     {nil, true, 0, true, 0},
		"connections wait, nobody says why":   {[]Worker{idle}, true, 0, false, 2},
		"connections wait, for a hang":        {[]Worker{{State: diagnose.Hung}}, false, 0, false, 2},
		"idle":                                {[]Worker{idle}, false, 0, false, 0},
		"suspect":                             {[]Worker{{State: diagnose.Suspect, For: 2}, idle}, true, 1, false, 0},
		"suspect, and it answers others":      {[]Worker{answers}, true, 0, false, 0},
		"work of a moment":                    {[]Worker{busy("", 0.5)}, false, 0, false, 0},
		"old work, nothing known":             {[]Worker{busy("", 2)}, true, 0, false, 0},
		"very old work, nothing known":        {[]Worker{busy("", 6)}, true, 1, false, 0},
		"it has too much to do, and ends it":  {[]Worker{flows}, false, 0, false, 0},
		"starved with very old work":          {[]Worker{busy(diagnose.Starved, 6)}, true, 1, false, 0},
		"slow, and about to be a hang":        {[]Worker{old}, true, 0, false, 0},
		"just born, without a socket":         {[]Worker{fresh}, true, 0, false, 0},
		"idle, and its threads not looked at": {[]Worker{blank}, true, 0, false, 0},
		"old work that nothing explains": {[]Worker{{State: diagnose.Busy, Label: diagnose.Slow, Inside: 1, Oldest: 19.6,
			Cause: &Cause{Kind: diagnose.CauseUnknown}, unsettled: unsettled{old: true}}}, true, 1, false, 0},
		"it may work or rest": {[]Worker{{State: diagnose.Busy, unsettled: unsettled{undecided: true}}}, true, 1, false, 0},
		"all dead":            {[]Worker{dead, dead}, true, 2, false, 0},
		"one dead":            {[]Worker{dead, idle}, false, 0, false, 0},
	} {
		l := Look{Workers: row.workers, young: row.young, stands: row.stands}
		if l.Undecided() != row.goesOn || l.Unsure() != row.unsure {
			t.Errorf("%s: goes on %v, unsure of %d; want %v, %d", name, l.Undecided(), l.Unsure(), row.goesOn, row.unsure)
		}
	}
}

// TestWhatCannotBeSaidHasAReason: of each worker of which it cannot be said whether it hangs.
func TestWhatCannotBeSaidHasAReason(t *testing.T) {
	for want, w := range map[string]Worker{
		"2 requests inside, the oldest for 6.0 s, and no thread was seen to be blocked": {
			State: diagnose.Busy, Inside: 2, Oldest: 6},
		"it has stood still for 2.0 s, and the look was too short to say whether it hangs": {
			State: diagnose.Suspect, For: 2},
		"1 request inside, the oldest for 6.0 s, and others have the processor that it needs": {
			State: diagnose.Busy, Label: diagnose.Starved, Inside: 1, Oldest: 6},
		"the stacks may not be read": {State: diagnose.Unknown, Reason: "the stacks may not be read"},
		"":                           {State: diagnose.Idle},
	} {
		if got := w.doubt(); got != want {
			t.Errorf("of %+v: %q, want %q", w, got, want)
		}
	}
}
