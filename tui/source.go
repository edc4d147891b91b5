package tui

import (
	"time"

	"github.com/hangtime-dev/hangtime/report"
)

// A Source has the newest report; nil before the first. It is asked ten times a second, from one goroutine.
type Source interface{ Report() *report.Report }

// Controls are what a person may ask of a run. Each may take a moment and is called from a goroutine of its own; nil
// ones are not offered.
type Controls struct {
	Stop     func()          // end the run in order
	SetRate  func(float64)   // hits a second; 0 is a pause
	Kill     func(place int) // SIGKILL to the worker at this place
	StopCont func(place int) // SIGSTOP it for a while, then SIGCONT
	HoldLock func()          // hold the lock of the task log for a while
}

// Options of a screen. The zero value is a good screen.
type Options struct {
	Theme     string                               // "auto" (or empty), "dark", "light", "16", "none"
	ASCII     bool                                 // no character outside of ASCII
	NoMouse   bool                                 // leave the mouse to the terminal, to select text
	Refresh   time.Duration                        // how often the newest report is drawn; 0: 100 ms
	Keys      map[string][]string                  // other keys for actions, by name
	Recording string                               // where the run is recorded; empty: nowhere
	Write     func(*report.Report) (string, error) // writes the report and says where; nil: not offered
	Notice    string                               // said on the home screen when it opens; empty: nothing
	Unwatched string                               // why nobody looks at the workers of a server that is loaded; empty: it is looked at, or not known
}
