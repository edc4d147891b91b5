package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
)

func htmlOf(t *testing.T, r *Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.HTML(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var svgs = regexp.MustCompile(`(?s)<svg.*?</svg>`)

// marks counts the elements of a picture by name and class: "rect.heat".
func marks(t *testing.T, svg string) map[string]int {
	t.Helper()
	found := map[string]int{}
	dec := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("the picture is not well-formed: %v", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		class := ""
		for _, a := range start.Attr {
			switch {
			case a.Name.Local == "class":
				class = a.Value
			case strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf"):
				t.Errorf("%s has %s=%q", start.Name.Local, a.Name.Local, a.Value)
			}
		}
		for _, c := range append(strings.Fields(class), "") {
			found[strings.TrimSuffix(start.Name.Local+"."+c, ".")]++
		}
	}
}

func TestThePageDrawsWhatHappened(t *testing.T) {
	page := htmlOf(t, wholeReport(t))
	pictures := svgs.FindAllString(page, -1)
	if len(pictures) != 6 {
		t.Fatalf("%d pictures; want those of two variants, played, and response time and lanes of each", len(pictures))
	}
	for i, played := range pictures[:2] {
		if found := marks(t, played); found["use"] != 2 || found["g.playhead"] != 1 || !strings.Contains(played, fmt.Sprintf("#lanes-%d", i)) {
			t.Errorf("the picture of variant %d that is played: %v", i, found)
		}
	}
	pictures = pictures[2:]
	response, lanes := marks(t, pictures[0]), marks(t, pictures[1])
	if cells := strings.Count(pictures[0], "z"); response["path.heat"] < 2 || cells < 32 || response["path.line"] != 3 || response["rect.fault"] != 1 ||
		response["rect.stall"] != 1 {
		t.Errorf("response time of the variant that hangs: %v", response)
	}
	if lanes["path.hung"] != 2 || lanes["path.idle"] != 2 || lanes["rect.fault"] != 1 {
		t.Errorf("lanes of the variant that hangs: %v", lanes)
	}
	if healthy := marks(t, pictures[2]); healthy["rect.stall"] != 0 || healthy["rect.fault"] != 1 {
		t.Errorf("response time of the healthy variant: %v", healthy)
	}
	for _, text := range []string{
		"blocked in flock on /tmp/run/async_tasks.log, held by pid 900", "give each worker its own log file",
		"SIGABRT by arbiter", "records 61, 62", "longest_stall &gt;= 1000",
		"practice 1, process-specific resources", "seed 7", "hang expected",
	} {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
}

func TestThePageAsksNoNetwork(t *testing.T) {
	page := htmlOf(t, wholeReport(t))
	for _, found := range regexp.MustCompile(`(?i)<(script|link|iframe|img)[^>]*|@import|url\(|fetch\(|XMLHttp|import\(`).FindAllString(page, -1) {
		if found != "<script" && found != `<script type="text/plain" id="film"` {
			t.Errorf("the page has %s", found)
		}
	}
	sum := sha256.Sum256([]byte(playScript))
	want := "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"
	if _, own, _ := strings.Cut(page, "<script>"); !strings.Contains(html.UnescapeString(page), want) || !strings.HasPrefix(own, playScript+"</script>") {
		t.Errorf("the page's policy does not allow its own script alone: want %q", want)
	}
}

// What a scenario or a server says is shown, never run.
func TestThePageEscapesWhatOthersWrote(t *testing.T) {
	r := wholeReport(t)
	const evil = `<script>alert(1)</script>"'`
	r.Title = evil
	v := &r.Variants[0]
	v.Name, v.Says, v.Reason = evil, evil, evil
	v.Faults[0].Kind = evil
	v.Incidents[0].Cause.Sentence = evil
	v.Story = append(v.Story, Line{Text: evil})
	film := *r.Film
	r.Film = &film
	r.Film.Texts = append(slices.Clone(r.Film.Texts), evil)
	page := htmlOf(t, r)
	if n := strings.Count(page, "<script"); n != 2 || strings.Contains(page, "alert(1)</") {
		t.Errorf("%d scripts: one of somebody else is in the page", n)
	}
	for _, svg := range svgs.FindAllString(page, -1) {
		marks(t, svg)
	}
}

// Nothing that a run can be makes a picture that cannot be drawn.
func TestPicturesOfOddRuns(t *testing.T) {
	for name, change := range map[string]func(*Variant){
		"it never got to the load":      func(v *Variant) { v.LoadFrom, v.Load.Series.Points = -1, nil },
		"it is not over":                func(v *Variant) { v.To = -1; v.Phases[len(v.Phases)-1].To = -1 },
		"it was over at once":           func(v *Variant) { v.To = v.From },
		"a fault was never healed":      func(v *Variant) { v.Faults[0].To = -1 },
		"a worker of no state":          func(v *Variant) { v.Workers[0].Lane = nil },
		"a hit took an hour":            func(v *Variant) { v.Load.Series.Points[3].Max = time.Hour },
		"an incident is not over":       func(v *Variant) { v.Incidents[0].Ended, v.Incidents[0].Victims[0].To = -1, -1 },
		"a lane longer than the chart":  func(v *Variant) { v.Workers[0].Lane = make([]diagnose.State, 480) },
		"phases are missing altogether": func(v *Variant) { v.Phases = nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := wholeReport(t)
			change(&r.Variants[0])
			for _, svg := range svgs.FindAllString(htmlOf(t, r), -1) {
				marks(t, svg)
			}
		})
	}
	half := wholeRun(t)
	for i := range half.records {
		if ended, ok := half.records[i].Event.(history.PhaseStarted); ok && ended.Phase == history.During {
			half.records = half.records[:i]
			break
		}
	}
	for _, svg := range svgs.FindAllString(htmlOf(t, told(half)), -1) {
		marks(t, svg)
	}
}
