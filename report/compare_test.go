package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/verdict"
)

// slower is a run whose healthy variant takes some time longer for each hit.
func slower(t *testing.T, by time.Duration) *Report {
	h := &script{t: t}
	h.header()
	h.shared()
	h.begin("per-pid", "healthy", 1)
	h.load(2500*time.Millisecond, 8500*time.Millisecond,
		func(time.Duration) time.Duration { return 4*time.Millisecond + by })
	h.endPerPID()
	return told(h)
}

func TestCompareSaysHowTheSecondDiffers(t *testing.T) {
	c, err := Compare([2]string{"a.hangtime", "b.hangtime"}, []*Report{wholeReport(t)},
		[]*Report{slower(t, 4*time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	var text, md bytes.Buffer
	if err := c.Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := c.Markdown(&md); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.txt", text.String())
	golden(t, "compare.md", md.String())
	var page bytes.Buffer
	if err := c.HTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h1>", "b.hangtime", "2.00x", "<svg", "<table"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

// measured are runs of one variant of which only one figure is known.
func measured(p99 ...float64) (all []*Report) {
	for _, v := range p99 {
		figures := []verdict.Figure{{Name: "p99", Unit: "ms", Value: v, Known: true}}
		all = append(all, &Report{Variants: []Variant{{Name: "only", Verdict: verdict.Variant{Figures: figures}}}})
	}
	return all
}

func TestADifferenceOfManyRunsIsToldFromChance(t *testing.T) {
	for _, row := range []struct {
		name string
		a, b []*Report
		want string
	}{
		{"five runs and five far slower ones", measured(40, 41, 42, 43, 44), measured(80, 81, 82, 83, 84),
			"1.95x (p=0.008)"},
		{"five runs and five faster ones", measured(80, 81, 82, 83, 84), measured(40, 41, 42, 43, 44), "0.51x (p=0.008)"},
		{"five runs and five of the same size", measured(40, 42, 44, 46, 48), measured(41, 43, 45, 47, 49),
			"1.02x (may be chance, p=0.690)"},
		{"three runs are too few", measured(40, 41, 42), measured(80, 81, 82), "1.98x (too few runs to tell from chance)"},
		{"runs that are all the same", measured(40, 40, 40, 40), measured(40, 40, 40, 40), "same"},
	} {
		c, err := Compare([2]string{"a", "b"}, row.a, row.b)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range c.Variants[0].Figures {
			if f.Name == "p99" && f.change() != row.want {
				t.Errorf("%s: got %q, want %q", row.name, f.change(), row.want)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	c, err := Compare([2]string{"a", "b"}, []*Report{wholeReport(t)}, []*Report{slower(t, 4*time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		limit           string
		broken, unknown int
	}{
		{"p99_after > 1.2x", 1, 0},
		{"p99_after > 3x", 0, 0},
		{"p99_after < 3x", 2, 0},
		{"tasks_lost > 0", 1, 0},
		{"tasks_lost > 4", 0, 0},
		{"tasks_lost >= 4", 1, 0},
		{"tasks_lost <= 0", 1, 0},
		{"p99 > 5000", 0, 0},
		{"detection > 1.1x", 0, 1},  // no hang in the healthy variant
		{"tasks_lost > 1.1x", 0, 1}, // of none
		{" p99_after>1.2x ", 1, 0},
	} {
		l, err := ParseLimit(row.limit)
		if err != nil {
			t.Errorf("%q: %v", row.limit, err)
			continue
		}
		broken, unknown := l.Broken(c)
		if len(broken) != row.broken || len(unknown) != row.unknown {
			t.Errorf("%q: broken %q, unknown %q; want %d and %d", row.limit, broken, unknown, row.broken, row.unknown)
		}
	}
}

// lasting are runs with these recovery times; a negative one was not seen to end.
func lasting(recovery ...float64) (all []*Report) {
	for _, v := range recovery {
		figures := []verdict.Figure{{Name: "recovery", Unit: "ms", Value: max(v, -v), Known: true, AtLeast: v < 0}}
		all = append(all, &Report{Verdict: verdict.Verdict{Variants: []verdict.Variant{{Name: "only",
			Figures: figures}}}, Variants: []Variant{{Name: "only", Verdict: verdict.Variant{Figures: figures}}}})
	}
	return all
}

// A recovery that was never seen is no exact time: it is neither the same as one that was, nor within a limit.
func TestALowerBoundIsNotComparedAsAnExactTime(t *testing.T) {
	for _, row := range []struct {
		name            string
		a, b            []*Report
		limit           string
		text, change    string
		broken, unknown int
	}{
		{"as long as A took, so far", lasting(5000), lasting(-5000), "recovery > 1.2x", "> 5.00 s", "not seen to end", 0, 1},
		{"already over the limit", lasting(4000), lasting(-5000), "recovery > 1.2x", "> 5.00 s", "not seen to end", 1, 0},
		{"already over a time", lasting(4000), lasting(-5000), "recovery > 4000", "> 5.00 s", "not seen to end", 1, 0},
		{"below a time, so far", lasting(4000), lasting(-5000), "recovery < 6000", "> 5.00 s", "not seen to end", 0, 1},
		{"never below it", lasting(4000), lasting(-5000), "recovery < 5000", "> 5.00 s", "not seen to end", 0, 0},
		{"A did not recover either", lasting(-5000), lasting(-5000), "recovery > 1.2x", "> 5.00 s", "not seen to end", 0, 1},
		{"most recovered", lasting(4000, 4000, 4000), lasting(3000, 4000, -5000), "recovery > 1.2x", "4.00 s", "same", 0, 0},
		{"one run was too short to say", lasting(4000, 4000, 4000), lasting(-3000, 4000, 5000), "recovery > 1.2x",
			"> 4.00 s", "not seen to end", 0, 1},
		{"many never recovered", lasting(4000, 4000, 4000, 4000, 4000), lasting(-3000, -3000, -3000, -3000, -3000),
			"recovery > 1.2x", "> 3.00 s", "not seen to end (p=0.008)", 0, 1},
	} {
		c, err := Compare([2]string{"a", "b"}, row.a, row.b)
		if err != nil {
			t.Fatal(err)
		}
		l, err := ParseLimit(row.limit)
		if err != nil {
			t.Fatal(err)
		}
		if broken, unknown := l.Broken(c); len(broken) != row.broken || len(unknown) != row.unknown {
			t.Errorf("%s: broken %q, unknown %q; want %d and %d", row.name, broken, unknown, row.broken, row.unknown)
		}
		for _, f := range c.Variants[0].Figures {
			if f.Name == "recovery" && (f.Value(1) != row.text || f.change() != row.change) {
				t.Errorf("%s: %q, %q; want %q, %q", row.name, f.Value(1), f.change(), row.text, row.change)
			}
		}
	}
	for want, runs := range map[string][]*Report{
		"4.00 s (3.00 s to > 5.00 s)":   lasting(3000, 4000, -5000),
		"> 5.00 s":                      lasting(-5000, -5000),
		"> 4.00 s (4.00 s to > 5.00 s)": lasting(4000, -4000, -5000),
	} {
		if got := (Series{Reports: runs}).Spreads("only")[0].text(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestALimitThatIsNoneSaysWhatWouldBe(t *testing.T) {
	for text, want := range map[string]string{
		"p99":           "want a figure, >, >=, < or <=, and a number",
		"p99 > fast":    "want a figure, >, >=, < or <=, and a number",
		"p98 > 1.2x":    "p98 is not a figure",
		"p99 > 1.2.3":   "1.2.3 is not a number",
		"":              "want a figure",
		"p99 > 1.2x or": "want a figure",
	} {
		if _, err := ParseLimit(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestRunsOfTwoScenariosAreNotCompared(t *testing.T) {
	a, b := wholeReport(t), wholeReport(t)
	b.Header.Scenario = "worker-kill"
	if _, err := Compare([2]string{"a", "b"}, []*Report{a}, []*Report{b}); err == nil ||
		!strings.Contains(err.Error(), "want runs of one scenario") {
		t.Errorf("got %v", err)
	}
	b = wholeReport(t)
	for i := range b.Variants {
		b.Variants[i].Name += "-other"
	}
	if _, err := Compare([2]string{"a", "b"}, []*Report{a}, []*Report{b}); err == nil ||
		!strings.Contains(err.Error(), "no variant in common") {
		t.Errorf("got %v", err)
	}
}
