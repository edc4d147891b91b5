package report

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axe-core, unmodified, is under the Mozilla Public License 2.0 (testdata/axe/LICENSE); it is used by this test only.
//
//go:embed testdata/axe/axe.min.js
var axe string

var screenshots = flag.String("screenshots", "", "folder into which TestPagesInABrowser puts what it saw")

// A browser is one headless Chromium, with what it complained about.
type browser struct {
	ctx context.Context
	mu  sync.Mutex
	bad []string
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"} {
		if _, err := os.Stat(name); err == nil {
			path = name
			break
		}
	}
	if path == "" {
		t.Fatal("no Chromium: .ci/install-tools installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.WSURLReadTimeout(90*time.Second)) // a busy machine starts it slowly
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() { // the browser is gone before its folder is removed
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("end the browser: %v", err)
		}
		cancel()
		stop()
	})
	b := &browser{ctx: ctx}
	err := chromedp.Listen(ctx, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch ev := event.(type) {
		case *runtime.EventExceptionThrown:
			b.bad = append(b.bad, "exception: "+ev.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			b.bad = append(b.bad, fmt.Sprintf("console.%s", ev.Type))
		case *cdplog.EventEntryAdded:
			b.bad = append(b.bad, ev.Entry.Text)
		case *network.EventRequestWillBeSent:
			if u := ev.Request.URL; !strings.HasPrefix(u, "file:") && !strings.HasPrefix(u, "data:") {
				b.bad = append(b.bad, "asked the network for "+u)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// within bounds one step, so that a browser that hangs ends the test.
func (b *browser) within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.bad
	b.bad = nil
	return all
}

// A look is one way to see a page.
type look struct {
	name          string
	width, height int64
	scheme, media string
	axe           bool // it takes a second or more of a browser: where the colours or the layout are others
}

func looks() []look {
	return []look{
		{"light", 1280, 900, "light", "screen", true}, {"dark", 1280, 900, "dark", "screen", true},
		{"phone", 390, 844, "light", "screen", true}, {"phone-dark", 390, 844, "dark", "screen", false},
		{"print", 800, 1100, "light", "print", false},
	}
}

type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

// seen is what a page looks like to a script in it.
type pageSeen struct {
	Heat, Lines, Lanes, Faults, Stalls int
	Hidden                             int // marks without any size
	Selected                           string
	Wide                               float64  // its width
	Out                                []string // what makes it wider than the window
	Landmarks                          int
	Nameless                           int // pictures without a text for those who cannot see them
}

const measurePage = `(() => {
	const all = s => [...document.querySelectorAll(s)];
	const box = e => e.getBoundingClientRect();
	const marks = all('svg path.heat, svg path.line, svg path.lane, svg rect.fault, svg rect.stall, svg rect.ratio');
	const selection = getSelection(); selection.selectAllChildren(document.body); const text = selection.toString(); selection.removeAllRanges();
	return {
		Heat: all('svg path.heat').map(e => e.getAttribute('d').split('M').length - 1).reduce((a, b) => a + b, 0), Lines: all('svg path.line').filter(e => e.getTotalLength() > 0).length, Lanes: all('svg path.lane').length,
		Faults: all('svg rect.fault').length, Stalls: all('svg rect.stall').length,
		Hidden: marks.filter(e => box(e).width + box(e).height == 0 && !(e.tagName == 'path' && !e.getAttribute('d'))).length,
		Selected: text, Wide: document.scrollingElement.scrollWidth, Out: all('main *, header *').filter(e => !e.closest('.scroll') && box(e).right > WIDTH).map(e => e.outerHTML.slice(0, 80)).slice(0, 5),
		Landmarks: all('main').length + all('header').length, Nameless: all('svg').filter(e => !e.getAttribute('aria-label')).length,
	};
})()`

// The pages are opened in a real browser, in every way in which people look at them: charts have marks, nothing
// complains, no network is asked, text can be selected, nothing sticks out on a phone, and axe-core finds no serious fault.
func TestPagesInABrowser(t *testing.T) {
	b := startBrowser(t)
	compared, err := Compare([2]string{"before/", "after/"}, []*Report{wholeReport(t)},
		[]*Report{slower(t, 4*time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		name  string
		write func(*bytes.Buffer) error
		says  string
		want  pageSeen // at least
	}{
		{"report", func(w *bytes.Buffer) error {
			return wholeReport(t).HTML(w)
		}, "the cure holds", pageSeen{Heat: 20, Lines: 6, Lanes: 2, Faults: 2, Stalls: 1, Landmarks: 2}},
		{"empty", func(w *bytes.Buffer) error {
			return told(&script{t: t}).HTML(w)
		}, "still running", pageSeen{Landmarks: 2}},
		{"compare", func(w *bytes.Buffer) error { return compared.HTML(w) }, "A and B side by side", pageSeen{Landmarks: 2}},
	} {
		var text bytes.Buffer
		if err := one.write(&text); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), one.name+".html")
		if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, l := range looks() {
			b.look(t, path, one.name+"-"+l.name, l, one.says, one.want)
		}
	}
}

func (b *browser) look(t *testing.T, path, name string, l look, says string, want pageSeen) {
	t.Helper()
	var found []violation
	ctx := b.within(t)
	address := (&url.URL{Scheme: "file", Path: path}).String()
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride,
		emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.height, DeviceScaleFactor: 1,
			Mobile: l.width < 600})
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia,
			emulation.SetEmulatedMediaParams{Media: l.media,
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}}})
	}
	if err == nil {
		_, err = chromedp.Run(ctx, chromedp.Navigate(address))
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	b.played(t)
	seen, err := chromedp.Run(ctx, chromedp.Evaluate[pageSeen](strings.ReplaceAll(measurePage, "WIDTH",
		fmt.Sprint(l.width))))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if bad := b.complaints(); len(bad) > 0 {
		t.Errorf("%s: the browser complains: %q", name, bad)
	}
	if seen.Heat < want.Heat || seen.Lines < want.Lines || seen.Lanes < want.Lanes || seen.Faults < want.Faults ||
		seen.Stalls < want.Stalls || seen.Landmarks < want.Landmarks {
		t.Errorf("%s: marks %+v; want at least %+v", name, seen, want)
	}
	if seen.Hidden > 0 || seen.Nameless > 0 || !strings.Contains(seen.Selected, says) {
		t.Errorf("%s: %d marks without a size, %d pictures without a text; %q can be selected: %v", name, seen.Hidden,
			seen.Nameless, says, strings.Contains(seen.Selected, says))
	}
	if over := seen.Wide - float64(l.width); over > 0 {
		t.Errorf("%s: sticks out of the window by %.0f px: %q", name, over, seen.Out)
	}
	b.keep(t, name, l)
	if !l.axe {
		return
	}
	_, err = chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](axe))
	if err != nil {
		t.Fatalf("%s: axe: %v", name, err)
	}
	result, err := chromedp.Run(ctx, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	if err == nil {
		err = json.Unmarshal([]byte(result), &found)
	}
	if err != nil {
		t.Fatalf("%s: axe: %v", name, err)
	}
	for _, v := range found {
		if v.Impact == "serious" || v.Impact == "critical" || v.Impact == "moderate" {
			t.Errorf("%s: axe: %s (%s): %s\n%+v", name, v.ID, v.Impact, v.Help, v.Nodes[:min(len(v.Nodes), 3)])
		}
	}
	b.complaints() // axe's own
}

// played waits until a page that has a film can play it.
func (b *browser) played(t *testing.T) {
	t.Helper()
	state, err := chromedp.Run(b.within(t), chromedp.Evaluate[string](`(async () => {
		const stage = document.getElementById('replay');
		if (!stage) return 'ready';
		for (let i = 0; i < 1200; i++) {
			if (stage.dataset.ready) return 'ready';
			if (stage.dataset.wrong) return stage.dataset.wrong;
			await new Promise(r => setTimeout(r, 50));
		}
		return 'nothing happens';
	})()`, chromedp.EvalAwaitPromise))
	if err != nil || state != "ready" {
		t.Fatalf("the page does not play: %s, %v, %q", state, err, b.complaints())
	}
}

// keep puts what was seen into the folder of -screenshots, and prints the printed one.
func (b *browser) keep(t *testing.T, name string, l look) {
	t.Helper()
	shoot := chromedp.FullScreenshot(100)
	name += ".png"
	if l.media == "print" {
		shoot, name = chromedp.PrintToPDF(), strings.TrimSuffix(name, ".png")+".pdf"
	} else if *screenshots == "" {
		return
	}
	picture, err := chromedp.Run(b.within(t), shoot)
	if err != nil || l.media == "print" && !bytes.HasPrefix(picture, []byte("%PDF")) {
		t.Fatalf("%s: %d bytes: %v", name, len(picture), err)
	}
	if *screenshots != "" {
		if err := os.WriteFile(filepath.Join(*screenshots, name), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
