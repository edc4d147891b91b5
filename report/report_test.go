package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/verdict"
)

var update = flag.Bool("update", false, "write the golden files anew; read the difference before you commit it")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); -update writes it anew:\n%s", path, diff)
	}
}

func TestTheFormsOfAWholeRun(t *testing.T) {
	r := wholeReport(t)
	for _, row := range []struct {
		file  string
		write func(*bytes.Buffer) error
	}{
		{"verdict.txt", func(b *bytes.Buffer) error { return r.Text(b) }},
		{"result.json", func(b *bytes.Buffer) error { return r.JSON(b) }},
		{"junit.xml", func(b *bytes.Buffer) error { return r.JUnit(b) }},
		{"summary.md", func(b *bytes.Buffer) error { return r.Markdown(b) }},
	} {
		var out bytes.Buffer
		if err := row.write(&out); err != nil {
			t.Errorf("%s: %v", row.file, err)
			continue
		}
		golden(t, row.file, out.String())
	}
}

func TestConsoleTellsEachThingOnce(t *testing.T) {
	var out bytes.Buffer
	c := NewConsole(&out)
	b := NewBuilder()
	b.explain = func() explainer { return &said{} }
	for _, rec := range wholeRun(t).records {
		b.Add(rec)
		if _, tick := rec.Event.(history.Tick); tick {
			c.Show(b.Report())
		}
	}
	c.Show(b.Report())
	golden(t, "console.txt", out.String())
}

// However often it is asked between, the report of a history is the same: live, replay and CI cannot disagree.
func TestAReportDoesNotDependOnWhenItWasAskedFor(t *testing.T) {
	h := wholeRun(t)
	ended := slices.IndexFunc(h.records, func(r history.Record) bool { _, ok := r.Event.(history.VariantEnded); return ok })
	at := h.records[ended].At
	between := []history.Record{{At: at, Event: history.Tick{Late: 5 * s}},
		{At: at, Event: history.Trouble{Component: "run", Text: "a sink is full"}}}
	h.records = slices.Insert(h.records, ended+1, between...)
	b := NewBuilder()
	b.explain = func() explainer { return &said{} }
	for i, rec := range h.records {
		b.Add(rec)
		if i%7 == 0 || i == ended {
			b.Report()
		}
	}
	want := told(h)
	if diff := cmp.Diff(want.Result(), b.Report().Result()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wholeReport(t).Result().Variants, want.Result().Variants); diff != "" {
		t.Errorf("what came between the variants changed one of them: %s", diff)
	}
	if v := want.Verdict; v.Outcome != verdict.Unknown || !slices.Contains(v.Why, "a sink is full") {
		t.Errorf("the run had a trouble of its own: %s, %q", v.Outcome, v.Why)
	}
}

// A server that is started and lost more often than a story has room for is told to its end.
func TestAConsoleIsNotSilencedByALongStory(t *testing.T) {
	var out bytes.Buffer
	c, b := NewConsole(&out), NewBuilder()
	b.explain = func() explainer { return &said{} }
	b.Add(history.Record{Event: history.VariantStarted{Name: "plain", Expect: "any"}})
	for pid := range maxStory + 100 {
		b.Add(history.Record{At: time.Duration(pid) * time.Millisecond, Event: history.WorkerGone{PID: pid, Worker: 1}})
		if pid%50 == 0 {
			c.Show(b.Report())
		}
	}
	c.Show(b.Report())
	if got := strings.Count(out.String(), "left with exit code"); got != maxStory+100 {
		t.Errorf("%d of %d deaths were told", got, maxStory+100)
	}
}

// A recording from elsewhere may name a variant that its scenario does not have.
func TestAVariantOfNoScenarioIsNoPanic(t *testing.T) {
	for _, index := range []int{-1, 7} {
		h := &script{t: t}
		h.header()
		h.at(0, history.VariantStarted{Name: "odd", Index: index})
		if got := told(h).Variants; len(got) != 1 || got[0].Name != "odd" {
			t.Errorf("%d: %+v", index, got)
		}
	}
}

// An incident that is open at its variant's end did not last through the variants after it.
func TestAnOpenIncidentEndsWithItsVariant(t *testing.T) {
	r := wholeReport(t)
	r.Variants[0].Incidents[0].Victims = []diagnose.Victim{{Place: 1, PID: 101, From: r.Variants[0].To - 2*s, To: -1}}
	var out bytes.Buffer
	if err := r.Markdown(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "stood still for 2.0 s, still standing at the end") {
		t.Errorf("%s", out.String())
	}
}

func TestEveryDeathOfACrashHasItsOwnTime(t *testing.T) {
	in := diagnose.Incident{Kind: diagnose.KindCrash, Detected: 3 * s, Began: 3 * s,
		Victims: []diagnose.Victim{{PID: 1, From: 3 * s, To: 3 * s}, {PID: 2, From: 9 * s, To: 9 * s}}}
	lines := incidentLines(in)
	if len(lines) != 2 || lines[0].At != 3*s || lines[1].At != 9*s {
		t.Errorf("%+v", lines)
	}
}

func TestAHistoryThatBreaksOffIsUnknown(t *testing.T) {
	h := wholeRun(t)
	b := NewBuilder()
	b.explain = func() explainer { return &said{} }
	for _, rec := range h.records[:len(h.records)/2] {
		b.Add(rec)
	}
	b.End("the recording breaks off")
	r := b.Report()
	if r.Verdict.Outcome != verdict.Unknown || !r.Over {
		t.Errorf("got %s, over %v", r.Verdict.Outcome, r.Over)
	}
	var out bytes.Buffer
	if err := r.Text(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "UNKNOWN") ||
		!strings.Contains(strings.Join(strings.Fields(out.String()), " "), "the history ends here") {
		t.Errorf("want it told that and why nothing can be judged:\n%s", out.String())
	}
	if b.Report().Verdict.Outcome != verdict.Unknown {
		t.Error("a second look changed the outcome")
	}
}

// A variant that is over does not know that others were to follow: the report says it.
func TestAHistoryThatBreaksOffBetweenVariantsSaysWhy(t *testing.T) {
	h := wholeRun(t)
	b := NewBuilder()
	b.explain = func() explainer { return &said{} }
	for _, rec := range h.records {
		b.Add(rec)
		if _, ended := rec.Event.(history.VariantEnded); ended {
			break
		}
	}
	b.End("the recording breaks off")
	r := b.Report()
	var out bytes.Buffer
	if err := r.Text(&out); err != nil {
		t.Fatal(err)
	}
	if r.Verdict.Outcome != verdict.Unknown || !strings.Contains(out.String(), "the recording breaks off") {
		t.Errorf("%s, want unknown and why:\n%s", r.Verdict.Outcome, out.String())
	}
}

// Before anything was recorded, or with nothing but a header, every form still draws.
func TestEveryFormOfAnEmptyReport(t *testing.T) {
	header := &script{t: t}
	header.header()
	for name, h := range map[string]*script{"nothing": {t: t}, "a header": header} {
		r := told(h)
		for form, write := range map[string]func(*bytes.Buffer) error{
			"text": func(b *bytes.Buffer) error {
				return r.Text(b)
			}, "json": func(b *bytes.Buffer) error { return r.JSON(b) },
			"junit": func(b *bytes.Buffer) error {
				return r.JUnit(b)
			}, "markdown": func(b *bytes.Buffer) error { return r.Markdown(b) },
			"html": func(b *bytes.Buffer) error { return r.HTML(b) },
		} {
			var out bytes.Buffer
			if err := write(&out); err != nil || out.Len() == 0 {
				t.Errorf("%s as %s: %d bytes, %v", name, form, out.Len(), err)
			}
		}
		NewConsole(&bytes.Buffer{}).Show(r)
	}
}

func TestAScenarioThatCannotBeReadIsUnknown(t *testing.T) {
	h := wholeRun(t)
	header := h.records[0].Event.(history.Header)
	header.Text = "name: ["
	h.records[0].Event = header
	r := told(h)
	if r.Verdict.Outcome == verdict.Pass || !strings.Contains(strings.Join(r.Verdict.Why, "\n"), "cannot be read") {
		t.Errorf("got %s because %q", r.Verdict.Outcome, r.Verdict.Why)
	}
	if want := verdict.Sentence(r.Verdict, "", true); r.Verdict.Outcome == verdict.Unknown && r.Verdict.Sentence != want {
		t.Errorf("%s says %q", r.Verdict.Outcome, r.Verdict.Sentence)
	}
}

func TestResultCanBeReadBack(t *testing.T) {
	var out bytes.Buffer
	r := wholeReport(t)
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var back Result
	dec := json.NewDecoder(&out)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Result(), back, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}
