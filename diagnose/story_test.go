package diagnose

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheStoryOfAnIncidentIsToldInOrder(t *testing.T) {
	in := Incident{Kind: KindHang, Fault: "v/1", Injected: 5 * s, Symptom: 5300 * ms, Began: 5020 * ms,
		Detected: 6100 * ms, Ended: 8 * s, Recovered: 8 * s,
		Cause:   Cause{Sentence: "blocked in flock on /x", Confidence: Proven},
		Victims: []Victim{{1, 101, 5020 * ms, 8 * s, "recovered"}},
		Cost:    Cost{Inside: 1, Failed: 12, Slowest: 3 * s, Joined: 4, Lost: 1}}
	want := []Moment{
		{5 * s, "the fault v/1 took effect"},
		{5020 * ms, "worker 1 (pid 101) stood still from here on, by the evidence"},
		{5300 * ms, "first suspicion: work present, no progress"},
		{6100 * ms, "certain: blocked in flock on /x (proven)"},
		{8 * s, "worker 1 (pid 101) after 3.0 s: recovered"},
		{8 * s, "over: every worker makes progress again"},
	}
	if diff := cmp.Diff(want, in.Story(20*s)); diff != "" {
		t.Error(diff)
	}
	in.Ended, in.Recovered, in.Victims[0].To = -1, -1, -1
	if last := in.Story(9 * s); !slices.Contains(last, Moment{9 * s, "still going on; the longest stall so far is 4.0 s"}) {
		t.Errorf("got %+v", last)
	}
	price := []string{"1 request was inside a worker that stood still or died",
		"12 requests that were due in that time failed", "the slowest of 4 that were followed into it took 3.0 s",
		"1 task was lost"}
	if diff := cmp.Diff(price, in.Cost.Price()); diff != "" {
		t.Error(diff)
	}
}
