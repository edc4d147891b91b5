package command

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// writeForms writes the report in every form into dir. One that cannot be written does not keep the others from it.
func writeForms(dir string, r *report.Report) error {
	var wrong error
	for _, f := range report.Forms() {
		if f.File == "" {
			continue
		}
		wrong = errors.Join(wrong, writeForm(dir, f.File, func(w io.Writer) error { return f.Write(r, w) }))
	}
	return wrong
}

// writeForm writes a file of --out. It is made before it is opened: one that cannot be made leaves none.
func writeForm(dir, name string, write func(io.Writer) error) error {
	var text bytes.Buffer
	err := write(&text)
	if err == nil {
		err = run.WriteInside(dir, name, text.Bytes())
	}
	if err != nil {
		return fmt.Errorf("--out: %s: %w", name, err)
	}
	return nil
}

// tellCI tells GitHub Actions, where it runs there, what it understands: annotations beside the scenario's lines and
// the job's summary. file is the scenario as it was named on the command line. Other CI systems read junit.xml.
func tellCI(out io.Writer, file string, r *report.Report) error {
	if os.Getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	return errors.Join(r.Annotate(out, scenarios.PlaceIn(file)), appendSummary(r.Markdown))
}

// appendSummary adds to the summary of GitHub's job, where there is one.
func appendSummary(write func(io.Writer) error) error {
	summary := os.Getenv("GITHUB_STEP_SUMMARY")
	if os.Getenv("GITHUB_ACTIONS") != "true" || summary == "" {
		return nil
	}
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	f, err := os.OpenFile(summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("append to the job's summary: %w", err)
	}
	_, err = f.Write(text.Bytes())
	return errors.Join(err, f.Close())
}

// writeTo writes to the file at path, or to standard output where it is empty. A file is written whole or not at all.
func writeTo(stdout io.Writer, path string, write func(io.Writer) error) error {
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	if path == "" {
		_, err := stdout.Write(text.Bytes())
		return err
	}
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	return nil
}

// writeNow writes a report as a page and as Markdown, into the folder of the run or the one that hangtime was called in.
func writeNow(dir string, r *report.Report, now time.Time) (string, error) {
	// The name is the recording's, which anybody may have written.
	base := fmt.Sprintf("%s-%s", scenarios.NameFor(r.Header.Scenario), now.Format("150405"))
	for _, form := range report.Forms() {
		ending := filepath.Ext(form.File)
		if ending != ".html" && ending != ".md" {
			continue
		}
		var text bytes.Buffer
		if err := form.Write(r, &text); err != nil {
			return "", err
		}
		if err := run.WriteInside(cmp.Or(dir, "."), base+ending, text.Bytes()); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, base) + ".html and .md", nil
}
