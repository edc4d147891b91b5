package loadgen

import (
	"cmp"
	"fmt"
	"net/url"

	"github.com/hangtime-dev/hangtime/loadgen/request"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// prepare makes a plan ready. Files that it names are read now.
func prepare(plan scenarios.Load, base *url.URL, seed uint64) (*work, error) {
	switch {
	case plan.Shape == "closed":
		targets, err := plannedTargets(plan, base)
		if err != nil {
			return nil, err
		}
		turn := schedule.Rotation(weights(plan.Targets, len(targets)))
		return &work{targets: targets, rotation: turn, schedule: schedule.Users(plan.Users, plan.Think)}, nil
	case plan.Shape == "replay":
		return prepareReplay(plan, base)
	case len(plan.Mix) > 0:
		return prepareMix(plan, base, seed)
	}
	targets, err := plannedTargets(plan, base)
	if err != nil {
		return nil, err
	}
	s, peak, err := schedule.Shape{
		Name: plan.Shape, Rate: plan.Rate, To: plan.To, From: plan.From, Over: plan.Over, Steps: plan.Steps,
		Arrivals: plan.Arrivals,
	}.Schedule(seed)
	if err != nil {
		return nil, err
	}
	return &work{targets, schedule.Rotation(weights(plan.Targets, len(targets))), s, peak}, nil
}

// prepareMix makes one plan of several.
func prepareMix(plan scenarios.Load, base *url.URL, seed uint64) (*work, error) {
	w := &work{}
	var shares []float64 // of each target in the rate of all, for a rate that a person sets
	sum := 0
	for _, m := range plan.Mix {
		if m.Rate == 0 {
			sum += max(m.Weight, 1)
		}
	}
	var all []schedule.Share
	for i, m := range plan.Mix {
		rate := m.Rate
		if rate == 0 {
			rate = plan.Rate * scenarios.Rate(max(m.Weight, 1)) / scenarios.Rate(sum)
		}
		s, peak, err := schedule.Shape{
			Name: m.Shape, Rate: rate, To: m.To, From: m.From, Over: m.Over, Steps: m.Steps, Arrivals: m.Arrivals,
		}.Schedule(seed + uint64(i))
		if err != nil {
			return nil, fmt.Errorf("mix[%d]: %w", i, err)
		}
		targets, err := request.All(m.Targets, base, plan.Timeout)
		if err != nil {
			return nil, fmt.Errorf("mix[%d]: %w", i, err)
		}
		each := weights(m.Targets, len(targets))
		turn := schedule.Rotation(each)
		total := 0
		for _, weight := range each {
			total += weight
		}
		for _, weight := range each {
			shares = append(shares, peak*float64(weight)/float64(total))
		}
		for k := range turn {
			turn[k] += uint32(len(w.targets))
		}
		w.targets = append(w.targets, targets...)
		w.peak += peak
		all = append(all, schedule.Share{Schedule: s, Rotation: turn})
	}
	w.rotation = schedule.Rotation(schedule.Weights(shares))
	w.schedule = schedule.Mix(all)
	return w, nil
}

// plannedTargets are those that stand in the plan, or in the file that it names.
func plannedTargets(plan scenarios.Load, base *url.URL) ([]request.Target, error) {
	if plan.TargetsFile != "" {
		return request.ReadFile(plan.TargetsFile, base, plan.Timeout)
	}
	return request.All(plan.Targets, base, plan.Timeout)
}

// weights are those of n targets; what has none has 1.
func weights(of []scenarios.Target, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = 1
		if i < len(of) {
			all[i] = cmp.Or(of[i].Weight, 1)
		}
	}
	return all
}
