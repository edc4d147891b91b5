package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words/hostile"
)

// A file name, a thread, a command line or a line of a log may hold escape sequences: no form of a report for people
// hands them on.
func TestNoFormHandsOnWhatOthersWroteRaw(t *testing.T) {
	for _, words := range []bool{false, true} {
		r := hostile.Filled(wholeReport(t), words)
		suite := Suite{Series: []Series{{Scenario: hostile.Text, Reports: []*Report{r, wholeReport(t)}},
			{Scenario: hostile.Text, Trouble: hostile.Text}}, Planned: 3, Interrupted: hostile.Text}
		compared, err := Compare([2]string{hostile.Text, hostile.Text}, []*Report{r}, []*Report{r})
		if err != nil {
			t.Fatal(err)
		}
		look := hostile.Filled(hungLook(), words)
		for name, write := range map[string]func(io.Writer) error{
			"text": r.Text, "markdown": r.Markdown, "page": r.HTML, "junit": r.JUnit,
			"suite": suite.Text, "suite's markdown": suite.Markdown, "suite's junit": suite.JUnit,
			"spread":     suite.Series[0].SpreadText,
			"comparison": compared.Text, "comparison's markdown": compared.Markdown, "comparison's page": compared.HTML,
			"annotations": func(w io.Writer) error {
				return r.Annotate(w, func(string) (string, int, int) { return "a" + hostile.Text, 1, 1 })
			},
			"look":    func(w io.Writer) error { return look.Text(w) },
			"watch":   func(w io.Writer) error { return watched(w, words) },
			"console": func(w io.Writer) error { NewConsole(w).Show(r); return nil },
		} {
			t.Run(fmt.Sprint(name, ", words ", words), func(t *testing.T) {
				var out bytes.Buffer
				if err := write(&out); err != nil {
					t.Fatal(err)
				}
				shown := out.String()
				if strings.HasSuffix(name, "page") {
					shown = strings.ReplaceAll(shown, "\nFORGED", " FORGED") // in HTML a line break is a space
				}
				if found := hostile.Found(shown); found != "" {
					t.Errorf("%q", found)
				}
				if name != "annotations" && !strings.Contains(shown, "owned") {
					t.Error("it says nothing of what others wrote: the test looks at nothing")
				}
			})
		}
	}
}

// watched tells of a watch of a server whose incident is hostile.
func watched(w io.Writer, words bool) error {
	c := NewWatchConsole(w)
	c.Begin(hostile.Text, Watched{Unseen: []string{hostile.Text}})
	c.incident(hostile.Filled(diagnose.Incident{Kind: diagnose.KindHang, Cause: lockCause,
		Victims: []diagnose.Victim{{Place: 1, PID: 7}}}, words))
	err := c.Sink([]history.Record{{Event: history.WorkerGone{Worker: 1, PID: 7, Signal: "SIGKILL", By: hostile.Text}},
		{Event: history.Trouble{Text: hostile.Text}}, {Event: history.Tick{}}})
	c.End(time.Second)
	return err
}
