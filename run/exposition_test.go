package run

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestMetricsAreServedWhileARunGoesOn(t *testing.T) {
	e, err := Expose("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	get := func() (int, string) {
		answer, err := http.Get(e.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	if code, text := get(); code != http.StatusOK || text != "# EOF\n" {
		t.Errorf("before a run: %d %q", code, text)
	}
	e.Show(func(out io.Writer) error { _, err := io.WriteString(out, "a 1\n# EOF\n"); return err })
	if code, text := get(); code != http.StatusOK || text != "a 1\n# EOF\n" {
		t.Errorf("in a run: %d %q", code, text)
	}
	e.Show(func(io.Writer) error { return errors.New("broken") })
	if code, _ := get(); code != http.StatusInternalServerError {
		t.Errorf("of what cannot be written: %d", code)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestNobodyAsksForMetrics(t *testing.T) {
	e, err := Expose("")
	if e != nil || err != nil {
		t.Errorf("%v, %v", e, err)
	}
	e.Show(func(io.Writer) error { return nil }) // nothing happens
	if _, err := Expose("no address"); err == nil ||
		!strings.Contains(err.Error(), "want HOST:PORT of this machine that is free") {
		t.Errorf("%v", err)
	}
}
