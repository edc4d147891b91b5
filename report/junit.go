package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/hangtime-dev/hangtime/verdict"
	"github.com/hangtime-dev/hangtime/words"
)

// JUnit writes the verdict as junit.xml: a suite for each variant, a test case for each check. Unknown is an error,
// not a failure: nothing was disproved.
func (r *Report) JUnit(out io.Writer) error {
	suites := junit.Testsuites{Name: "hangtime " + words.Printable(r.Header.Scenario)}
	for _, suite := range r.suites("") {
		suites.AddSuite(suite)
	}
	return writeXML(out, suites)
}

// happened says what incidents a variant had, why, and what would cure them, for who sees nothing but the failed check.
func happened(r *Report, v *Variant) string {
	var b strings.Builder
	for i := range v.Incidents {
		in := &v.Incidents[i]
		fmt.Fprintf(&b, "%s #%d at %s: %s\n", words.Printable(in.Kind), in.ID, words.Moment(in.Began), words.Printable(in.Cause.Sentence))
		if in.Cause.Remedy != "" {
			fmt.Fprintf(&b, "remedy: %s\n", words.Printable(in.Cause.Remedy))
		}
	}
	return b.String()
}

// suites are one for each variant; suffix tells the runs of one scenario apart.
func (r *Report) suites(suffix string) []junit.Testsuite {
	var all []junit.Testsuite
	for i, v := range r.Variants {
		suite := junit.Testsuite{
			Name: words.Printable(r.Header.Scenario + "." + v.Name + suffix), ID: i,
			Timestamp: r.Header.Started.UTC().Format("2006-01-02T15:04:05"), Hostname: words.Printable(r.Header.Host),
			Time: fmt.Sprintf("%.3f", (max(v.To, v.From) - v.From).Seconds()),
		}
		suite.AddProperty("seed", fmt.Sprint(r.Header.Seed))
		suite.AddProperty("expect", words.Printable(v.Expect))
		for _, f := range v.Verdict.Figures {
			suite.AddProperty(words.Printable(f.Name), words.Printable(f.Text))
		}
		for _, c := range v.Verdict.Checks {
			test := junit.Testcase{Name: words.Printable(c.Name), Classname: suite.Name, Time: "0.000"}
			why := words.Printable(c.Why)
			said := &junit.Result{Message: words.Printable(fmt.Sprintf("want %s, got %s", wanted(c), c.Got)), Data: why}
			switch c.Outcome {
			case verdict.Fail:
				said.Type = "fail"
				said.Data = strings.TrimSpace(why + "\n" + happened(r, &r.Variants[i]))
				test.Failure = said
			case verdict.Unknown:
				said.Type, said.Message = "unknown", "unknown: "+why
				test.Error = said
			}
			suite.AddTestcase(test)
		}
		all = append(all, suite)
	}
	return all
}
