package verdict

import "testing"

func TestSentenceNamesWhatHappened(t *testing.T) {
	hang := Variant{Name: "shared", Expect: "hang", Outcome: Pass,
		Checks: []Check{{Got: "1 hang (file-lock, 4 workers)", Outcome: Pass}}}
	crash := Variant{Name: "no-recovery", Expect: "crash", Outcome: Pass,
		Checks: []Check{{Got: "3 crashes (killed, 1 worker)", Outcome: Pass}}}
	healthy := Variant{Name: "per-pid", Expect: "healthy", Outcome: Pass,
		Checks: []Check{{Want: "no incident", Got: "no incident", Outcome: Pass}}}
	loose := Variant{Name: "plain", Expect: "any", Outcome: Pass}
	sick := healthy
	sick.Checks = []Check{{Want: "no incident", Got: "1 hang (file-lock, 2 workers)", Outcome: Fail}}
	slow := healthy
	slow.Checks = []Check{{Outcome: Pass}, {Name: "p99 < 50", Got: "p99 = 7.9 s", Outcome: Fail}}
	for _, row := range []struct {
		variants []Variant
		outcome  Outcome
		guide    string
		want     string
	}{
		{[]Variant{hang, healthy}, Pass, "practice 1",
			"the cure holds: under the same load and fault shared had 1 hang (file-lock, 4 workers), and per-pid stayed healthy (guide: practice 1)"},
		{[]Variant{hang, crash}, Pass, "", "as expected: shared had 1 hang (file-lock, 4 workers) and no-recovery had 3 crashes (killed, 1 worker)"},
		{[]Variant{healthy}, Pass, "", "as expected: per-pid stayed healthy"},
		{[]Variant{loose}, Pass, "", "every check holds in plain"},
		{[]Variant{hang, sick}, Fail, "practice 1",
			"not as the scenario says: per-pid should have had no incident and had 1 hang (file-lock, 2 workers)"},
		{[]Variant{hang, slow}, Fail, "", "not as the scenario says: in per-pid, p99 < 50 does not hold (p99 = 7.9 s)"},
		{[]Variant{hang}, Unknown, "", "what was seen is not enough to judge"},
		{nil, Pass, "", "as the scenario says"},
	} {
		if got := Sentence(Verdict{Outcome: row.outcome, Variants: row.variants}, row.guide, true); got != row.want {
			t.Errorf("got  %q\nwant %q", got, row.want)
		}
	}
	if got := Sentence(Verdict{Outcome: Unknown}, "", false); got != "still running" {
		t.Errorf("got %q", got)
	}
}
