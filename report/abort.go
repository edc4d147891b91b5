package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/verdict"
)

const (
	abortAfter = time.Second // of load: before that there is nothing to judge
	usualGrace = time.Second
)

// abort judges the checks with abort as things stand.
func (v *variantFold) abort(now time.Duration) (key, check string) {
	loaded := v.shown.Phase == history.Before || v.shown.Phase == history.During || v.shown.Phase == history.After
	if !loaded || now-v.shown.LoadFrom < abortAfter {
		return "", ""
	}
	if !slices.ContainsFunc(v.plan.Checks, func(c scenarios.Check) bool { return c.Abort }) {
		return "", ""
	}
	load, incidents := v.load.Load(now), v.diagnosis.Incidents()
	for i, c := range v.plan.Checks {
		if !c.Abort {
			continue
		}
		key := verdict.Key(i, len(v.plan.Checks)-len(v.variant.Checks), v.index)
		if v.judge.Holding(c, load, v.load, incidents) != verdict.Fail {
			delete(v.broken, key)
			continue
		}
		if v.broken == nil {
			v.broken = map[string]time.Duration{}
		}
		since, ok := v.broken[key]
		if !ok {
			v.broken[key] = now
			continue
		}
		if now-since >= cmp.Or(c.Grace, usualGrace) {
			return key, c.That
		}
	}
	return "", ""
}
