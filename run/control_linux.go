package run

import (
	"fmt"
	"time"

	"github.com/hangtime-dev/hangtime/faults"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// byHandFor is how long a fault lasts that a person asked for and that has an end.
const byHandFor = 10 * time.Second

// SetRate changes the rate of the load, in hits a second; 0 pauses it.
func (r *Run) SetRate(perSecond float64) {
	v := r.now.Load()
	if v == nil {
		return
	}
	v.mu.Lock()
	attack := v.attack
	v.mu.Unlock()
	if attack != nil {
		attack.SetRate(perSecond)
	}
}

// Kill kills the worker at a place.
func (r *Run) Kill(place int) { r.byHand(scenarios.Fault{Kind: "kill", Worker: fmt.Sprint(place)}) }

// StopWorker stops the worker at a place for 10 s.
func (r *Run) StopWorker(place int) {
	r.byHand(scenarios.Fault{Kind: "stop", Worker: fmt.Sprint(place), For: byHandFor})
}

// HoldLock holds the lock of the shared task log for 10 s.
func (r *Run) HoldLock() {
	r.byHand(scenarios.Fault{Kind: "hold-lock", Path: "async_tasks.log", Lock: "flock", For: byHandFor})
}

// byHand injects a fault that no scenario planned; it ends with the variant's phases at the latest. What goes wrong
// is recorded.
func (r *Run) byHand(f scenarios.Fault) {
	v := r.now.Load()
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.field == nil {
		return
	}
	v.byHand++
	field := *v.field
	field.Name, field.By = fmt.Sprintf("%s/hand%d", field.Name, v.byHand), "person"
	err := r.allowed(v.plan.Server)
	var injection *faults.Injection
	if err == nil {
		injection, err = faults.Prepare(f, field, v.guardian)
	}
	if err != nil {
		v.record(history.Trouble{Component: "faults", Text: fmt.Sprintf("%s: %v", f.Kind, err)})
		return
	}
	reach := v.reach
	v.hands.Go(func() {
		if err := faults.Run(reach, []*faults.Injection{injection}, r.rec); err != nil && r.ctx.Err() == nil {
			v.record(history.Trouble{Component: "faults", Text: err.Error()})
		}
	})
}
