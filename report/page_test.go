package report

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A Page is that of a report, opened in a browser of its own.
type Page struct{ b *browser }

// OpenPage opens the page of a report, on a screen of a size in pixels, and waits until it can be played.
func OpenPage(t *testing.T, r *Report, width, height int64) Page {
	t.Helper()
	return openHTML(t, r.HTML, width, height)
}

func openHTML(t *testing.T, write func(io.Writer) error, width, height int64) Page {
	t.Helper()
	b := startBrowser(t)
	_, err := chromedp.Call(b.within(t), emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600})
	if err == nil {
		_, err = chromedp.Run(b.within(t), chromedp.Navigate(writePageFile(t, write)))
	}
	if err != nil {
		t.Fatal(err)
	}
	b.played(t)
	return Page{b}
}

// writePageFile writes a page into a file, and says its address.
func writePageFile(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var text bytes.Buffer
	if err := write(&text); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// Ask is what a script in the page makes, as JSON, into answer; the page must not have complained.
func (p Page) Ask(t *testing.T, script string, answer any) {
	t.Helper()
	text, err := chromedp.Run(p.b.within(t), chromedp.Evaluate[string](`(async () => JSON.stringify(await (`+script+`)))()`, chromedp.EvalAwaitPromise))
	if err == nil {
		err = json.Unmarshal([]byte(text), answer)
	}
	if err != nil {
		t.Fatalf("%s: %v", script[:min(len(script), 60)], err)
	}
	if bad := p.b.complaints(); len(bad) > 0 {
		t.Errorf("the browser complains: %q", bad)
	}
}

// press gives the page keys, as a person does.
func (p Page) press(t *testing.T, keys string, with ...chromedp.Modifier) {
	t.Helper()
	if _, err := chromedp.Run(p.b.within(t), chromedp.KeyEvent(keys, chromedp.KeyModifiers(with...))); err != nil {
		t.Fatal(err)
	}
}
