package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/verdict"
)

// otherwise is the whole run with another outcome of its first variant's second check, and another p99.
func otherwise(t *testing.T, o verdict.Outcome, p99 float64) *Report {
	t.Helper()
	r := *wholeReport(t)
	r.Verdict.Variants = append([]verdict.Variant{}, r.Verdict.Variants...)
	v := &r.Verdict.Variants[0]
	v.Checks = append([]verdict.Check{}, v.Checks...)
	v.Figures = append([]verdict.Figure{}, v.Figures...)
	v.Checks[1].Outcome, v.Outcome = o, verdict.Worst(v.Outcome, o)
	for i := range v.Figures {
		if v.Figures[i].Name == "p99" {
			v.Figures[i].Value = p99
		}
	}
	r.Variants = append([]Variant{}, r.Variants...)
	r.Variants[0].Verdict = *v
	r.Verdict.Outcome = verdict.Worst(r.Verdict.Outcome, o)
	return &r
}

func suite(t *testing.T) Suite {
	return Suite{Planned: 3, Series: []Series{
		{Scenario: "log-contention", Reports: []*Report{otherwise(t, verdict.Pass, 2900),
			otherwise(t, verdict.Fail, 3100), otherwise(t, verdict.Pass, 3000)}},
		{Scenario: "frozen-disk", Trouble: "faults[0] (freeze-disk): needs root"},
	}}
}

func TestASuiteIsATable(t *testing.T) {
	s := suite(t)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"suite.txt":  func(b *bytes.Buffer) error { return s.Text(b) },
		"suite.md":   func(b *bytes.Buffer) error { return s.Markdown(b) },
		"spread.txt": func(b *bytes.Buffer) error { return s.Series[0].SpreadText(b) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
		for line := range strings.Lines(out.String()) {
			if strings.HasSuffix(name, ".txt") && len([]rune(strings.TrimRight(line, "\n"))) > textWidth {
				t.Errorf("%s: wider than %d: %s", name, textWidth, line)
			}
		}
	}
}

// A verdict that changes between repeats is named, and the suite's outcome is the worst.
func TestAVerdictThatChangesIsUnstable(t *testing.T) {
	s := suite(t)
	if got := s.Series[0].Unstable(); len(got) != 1 || got[0] != "shared: longest_stall >= 1000: pass 2 times, fail once" {
		t.Errorf("%q", got)
	}
	if s.Series[0].Outcome() != verdict.Fail || s.Series[1].Outcome() != verdict.Unknown || s.Outcome() != verdict.Fail {
		t.Errorf("%s %s %s", s.Series[0].Outcome(), s.Series[1].Outcome(), s.Outcome())
	}
	for _, sp := range s.Series[0].Spreads("shared") {
		if sp.Figure.Name == "p99" && (sp.Median != 3000 || sp.Least != 2900 || sp.Most != 3100 || sp.Runs != 3) {
			t.Errorf("%+v", sp)
		}
	}
	if got := (Suite{Planned: 1, Series: []Series{{Scenario: "x",
		Reports: []*Report{wholeReport(t)}}}}).Outcome(); got != verdict.Pass {
		t.Errorf("one that passes: %s", got)
	}
	if got := (Suite{Planned: 1}).Outcome(); got != verdict.Unknown {
		t.Errorf("nothing ran: %s", got)
	}
}

// A check may come to something else while the variant comes to the same, by another that failed: that is unstable too.
func TestARowIsUnstableWhereACheckIs(t *testing.T) {
	runs := []*Report{otherwise(t, verdict.Fail, 2900), otherwise(t, verdict.Pass, 2900)}
	other := &runs[1].Verdict.Variants[0]
	other.Outcome = verdict.Fail
	s := Suite{Planned: 1, Series: []Series{{Scenario: "x", Reports: runs}}}
	if got := s.rows()[0].outcome; got != "unstable" {
		t.Errorf("got %s", got)
	}
}

func TestASuiteForMachines(t *testing.T) {
	s := suite(t)
	var text bytes.Buffer
	if err := s.JUnit(&text); err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suites   []struct {
			Name string `xml:"name,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text.Bytes(), &parsed); err != nil {
		t.Fatal(err)
	}
	// Three runs of two variants with two checks each, and one scenario that could not be run.
	if len(parsed.Suites) != 7 || parsed.Tests != 13 || parsed.Failures != 1 || parsed.Errors != 1 ||
		parsed.Suites[2].Name != "log-contention.shared#2" {
		t.Errorf("%+v", parsed)
	}
	encoded, err := json.Marshal(s.Result())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(encoded, []byte(`"unstable":["shared: longest_stall`)) ||
		!bytes.Contains(encoded, []byte(`"trouble":"faults[0]`)) {
		t.Errorf("%s", encoded)
	}
}
