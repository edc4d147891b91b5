package report

import (
	"bytes"
	"encoding/xml"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/verdict"
)

func inFile(key string) (string, int, int) { return "scenarios/mine,1.yaml", len(key), 7 }

func nowhere(string) (string, int, int) { return "", 0, 0 }

func TestOnlyWhatDidNotPassIsAnnotated(t *testing.T) {
	var out bytes.Buffer
	if err := wholeReport(t).Annotate(&out, inFile); err != nil || out.Len() > 0 {
		t.Errorf("a run that passed: %q, %v", out.String(), err)
	}
	r := wholeReport(t)
	r.Verdict.Outcome = verdict.Fail
	r.Verdict.Variants = []verdict.Variant{{Name: "shared", Checks: []verdict.Check{
		{Name: "behaved as expected", Key: "variants[0].expect", Want: "a hang", Got: "no incident", Outcome: verdict.Fail},
		{Name: "p99 < 50", Key: "checks[0]", Want: "it is quick: 100%", Got: "p99 = 7 s", Outcome: verdict.Fail},
		{Name: "failed == 0", Key: "checks[1]", Outcome: verdict.Unknown, Why: "line one\nline two"},
		{Name: "hangs == 0", Key: "checks[2]", Outcome: verdict.Pass},
	}}}
	if err := r.Annotate(&out, inFile); err != nil {
		t.Fatal(err)
	}
	want := `::error file=scenarios/mine%2C1.yaml,line=18,col=7,title=hangtime shared%3A behaved as expected::wanted a hang, got no incident
::error file=scenarios/mine%2C1.yaml,line=9,col=7,title=hangtime shared%3A p99 < 50::wanted p99 < 50 (it is quick: 100%25), got p99 = 7 s
::warning file=scenarios/mine%2C1.yaml,line=9,col=7,title=hangtime shared%3A failed == 0::unknown: line one%0Aline two
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if err := r.Annotate(&out, nowhere); err != nil ||
		!strings.HasPrefix(out.String(), "::error title=hangtime shared%3A behaved as expected::wanted") {
		t.Errorf("a built-in scenario has no file: %q", out.String())
	}
}

func TestARunThatNeverBeganIsAnnotated(t *testing.T) {
	h := &script{t: t}
	h.header()
	b := NewBuilder()
	b.Add(h.records[0])
	b.End("the recording has no end")
	var out bytes.Buffer
	if err := b.Report().Annotate(&out, nowhere); err != nil || !strings.HasPrefix(out.String(), "::error title=") {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

var sample = regexp.MustCompile(`^([a-z_]+)(\{[^}]*(?:"[^"]*"[^}]*)*\})? -?[0-9.e+-]+$`)

func TestOpenMetricsIsWhatItsReadersExpect(t *testing.T) {
	var out bytes.Buffer
	if err := wholeReport(t).OpenMetrics(&out); err != nil {
		t.Fatal(err)
	}
	golden(t, "metrics.om", out.String())
	text := out.String()
	if !strings.HasSuffix(text, "\n# EOF\n") {
		t.Error("it has no # EOF: a reader takes it for cut off")
	}
	seen, typed := map[string]bool{}, map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "# EOF\n"), "\n") {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			if typed[name] {
				t.Errorf("%s: a family comes twice", name)
			}
			typed[name] = true
			continue
		}
		if line == "" || strings.HasPrefix(line, "# HELP ") {
			continue
		}
		if !sample.MatchString(line) {
			t.Errorf("no sample: %s", line)
		}
		series, _, _ := strings.Cut(line, "} ")
		if seen[series] {
			t.Errorf("%s: a series comes twice", series)
		}
		seen[series] = true
	}
	for _, want := range []string{
		`hangtime_requests_total{scenario="log-contention",variant="shared",result="reset"} 4.0`,
		`hangtime_response_seconds_count{scenario="log-contention",variant="per-pid"} 1600`,
		`hangtime_figure{scenario="log-contention",variant="shared",figure="tasks_lost",unit="count"} 4.0`,
		`hangtime_figure{scenario="log-contention",variant="shared",figure="longest_stall",unit="seconds"} 2.89`,
		`hangtime_incidents{scenario="log-contention",variant="shared",kind="hang",cause="file-lock"} 1.0`,
		`hangtime_verdict{scenario="log-contention",outcome="pass"} 1.0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
}

// Readers of junit.xml count from attributes, and tell a failure from an error by its element.
func TestJUnitTellsFailedFromUnknown(t *testing.T) {
	r := wholeReport(t)
	v := &r.Variants[0]
	v.Verdict.Checks = []verdict.Check{
		{Name: "a", Outcome: verdict.Pass}, {Name: "b", Outcome: verdict.Fail, Want: "x < y", Got: "z & \x00"},
		{Name: "c", Outcome: verdict.Unknown, Why: "nothing was seen"},
	}
	var out bytes.Buffer
	if err := r.JUnit(&out); err != nil {
		t.Fatal(err)
	}
	var back struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suites   []struct {
			Tests int `xml:"tests,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
				Error *struct {
					Message string `xml:"message,attr"`
				} `xml:"error"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatalf("%v in\n%s", err, out.String())
	}
	cases := back.Suites[0].Cases
	if back.Tests != 5 || back.Failures != 1 || back.Errors != 1 || len(cases) != 3 {
		t.Errorf("%+v", back)
	}
	if cases[1].Failure != nil && !strings.HasPrefix(cases[1].Failure.Message, "want b (x < y), got z & ") {
		t.Errorf("the failure says %q", cases[1].Failure.Message)
	}
	in := v.Incidents[0] // a reader of the test's failure sees nothing else
	if cases[1].Failure == nil || !strings.Contains(cases[1].Failure.Text, in.Cause.Sentence) ||
		!strings.Contains(cases[1].Failure.Text, in.Cause.Remedy) {
		t.Errorf("the failure does not say what happened: %+v", cases[1].Failure)
	}
	if cases[0].Failure != nil || cases[0].Error != nil || cases[1].Failure == nil || cases[2].Error == nil ||
		!strings.Contains(cases[2].Error.Message, "nothing was seen") {
		t.Errorf("%+v", cases)
	}
}

// In code Markdown decodes nothing: a check stays as it was written, but for the sign that ends its cell.
func TestACheckIsCodeInTheSummary(t *testing.T) {
	r := wholeReport(t)
	r.Variants[0].Verdict.Checks = []verdict.Check{{Name: `p(95, "home") < 1000 || failed < 2`, Outcome: verdict.Pass, Got: "3 < 1000"}}
	var out bytes.Buffer
	if err := r.Markdown(&out); err != nil {
		t.Fatal(err)
	}
	if want := "| `p(95, \"home\") < 1000 \\|\\| failed < 2` |"; !strings.Contains(out.String(), want) || !strings.Contains(out.String(), "3 &lt; 1000") {
		t.Errorf("no %s in\n%s", want, out.String())
	}
}

// What is told and what is described are the same metrics.
func TestEachMetricIsDescribed(t *testing.T) {
	text, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(hangtime_[a-z_]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		described[m[1]] = true
	}
	for _, f := range wholeReport(t).families() {
		if !described[f.GetName()] {
			t.Errorf("%s is not in docs/metrics.md", f.GetName())
		}
		delete(described, f.GetName())
	}
	for name := range described {
		t.Errorf("docs/metrics.md describes %s, which nothing tells", name)
	}
}
