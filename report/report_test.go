package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
	b := NewBuilder()
	b.explain = func() explainer { return &said{} }
	for i, rec := range h.records {
		b.Add(rec)
		if i%7 == 0 {
			b.Report()
		}
	}
	if diff := cmp.Diff(wholeReport(t).Result(), b.Report().Result()); diff != "" {
		t.Error(diff)
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
	if !strings.Contains(out.String(), "UNKNOWN") || !strings.Contains(strings.Join(strings.Fields(out.String()), " "), "the history ends here") {
		t.Errorf("want it told that and why nothing can be judged:\n%s", out.String())
	}
	if b.Report().Verdict.Outcome != verdict.Unknown {
		t.Error("a second look changed the outcome")
	}
}

// Before anything was recorded, or with nothing but a header, every form still draws.
func TestEveryFormOfAnEmptyReport(t *testing.T) {
	header := &script{t: t}
	header.header()
	for name, h := range map[string]*script{"nothing": {t: t}, "a header": header} {
		r := told(h)
		for form, write := range map[string]func(*bytes.Buffer) error{
			"text": func(b *bytes.Buffer) error { return r.Text(b) }, "json": func(b *bytes.Buffer) error { return r.JSON(b) },
			"junit": func(b *bytes.Buffer) error { return r.JUnit(b) }, "markdown": func(b *bytes.Buffer) error { return r.Markdown(b) },
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
