package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// hang.yaml is the scenario that the examples of docs/ci.md run.
const ciScenario = `name: hang
server: {workers: 1}
load: {rate: 100/s, targets: [{method: POST, path: /task, body: '{"work":"sleep","duration":"5ms"}', expect: [202]}]}
phases: {before: 1s, during: 1s, after: 0s}
variants: [{name: plain, expect: any}]
checks: [{that: ok > 0}]
`

// fenced are the blocks of one language in a Markdown file.
func fenced(t *testing.T, path, language string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		t.Fatalf("%s has no block of %s", path, language)
	}
	return all
}

// The examples of docs/ci.md are what their readers would take: YAML that parses, and commands that run.
func TestTheExamplesForCIRun(t *testing.T) {
	commands := map[string]bool{}
	for _, block := range fenced(t, "../../docs/ci.md", "yaml") {
		var parsed map[string]any
		if err := yaml.Unmarshal([]byte(block), &parsed); err != nil {
			t.Errorf("%v\n%s", err, block)
			continue
		}
		collect(parsed, commands)
	}
	for _, block := range fenced(t, "../../docs/ci.md", "groovy") {
		for _, m := range regexp.MustCompile(`(?m)^ +sh '([^']+)'$`).FindAllStringSubmatch(block, -1) {
			commands[m[1]] = true
		}
	}
	for _, block := range fenced(t, "../../docs/ci.md", "sh") {
		for line := range strings.Lines(block) {
			commands[strings.TrimSpace(line)] = true
		}
	}
	if len(commands) < 7 {
		t.Fatalf("only %d commands: %v", len(commands), commands)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "ci"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ci", "hang.yaml"), []byte(ciScenario), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, line := range ordered(commands) {
		if strings.HasPrefix(line, "go install ") {
			continue // it would fetch what is being tested
		}
		line = strings.ReplaceAll(line, "--repeat 5", "--repeat 2") // a test has no time for more
		line = strings.ReplaceAll(line, "127.0.0.1:9464", "127.0.0.1:0")
		cmd := exec.Command("sh", "-ec", line)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "XDG_STATE_HOME="+t.TempDir())
		out, err := cmd.CombinedOutput()
		// On a machine that is too busy the answer may be that nothing can be said, or that the second run was
		// slower: the command ran all the same.
		code := cmd.ProcessState.ExitCode()
		if err != nil && code != exitUnknown && !(code == exitFail && strings.Contains(line, "--fail-if")) {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	for _, name := range []string{"hangtime-out/junit.xml", "hangtime-out/report.html", "compare.md"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// ordered puts what makes the folders before what compares them.
func ordered(commands map[string]bool) []string {
	var all []string
	for c := range commands {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b string) int {
		if x, y := strings.Contains(a, " compare "), strings.Contains(b, " compare "); x != y {
			if x {
				return 1
			}
			return -1
		}
		return strings.Compare(a, b)
	})
	return all
}

// collect takes the shell commands out of a pipeline's YAML: what stands under run, or in a list under script.
func collect(node any, into map[string]bool) {
	switch n := node.(type) {
	case map[string]any:
		for key, value := range n {
			switch v := value.(type) {
			case string:
				if key == "run" {
					into[v] = true
				}
			case []any:
				for _, one := range v {
					if text, ok := one.(string); ok && key == "script" {
						into[text] = true
					}
				}
			}
			collect(value, into)
		}
	case []any:
		for _, one := range n {
			collect(one, into)
		}
	}
}

// While a run goes on its metrics can be scraped, and what the dashboard of docs/ asks for is among them.
func TestMetricsAreServedWhileItRuns(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "hang.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(ciScenario, "before: 1s", "before: 60s", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "run", path, "--headless", "--metrics-listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 200)
	n, err := said.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	url := regexp.MustCompile(`http://\S+`).FindString(string(line[:n]))
	found := scrapeUntil(t, url, func(all map[string]*dto.MetricFamily) bool {
		f := all["hangtime_requests"]
		return f != nil && len(f.Metric) > 0 && f.Metric[0].GetCounter().GetValue() > 0
	})
	for _, name := range dashboardMetrics(t) {
		base := regexp.MustCompile(`_(total|bucket|count|sum)$`).ReplaceAllString(name, "")
		if found[name] == nil && found[base] == nil {
			t.Errorf("the dashboard asks for %s, which is not served", name)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitInterrupted {
		t.Errorf("after Ctrl-C: %v", err)
	}
}

func scrapeUntil(t *testing.T, url string, enough func(map[string]*dto.MetricFamily) bool) map[string]*dto.MetricFamily {
	t.Helper()
	deadline := time.After(60 * time.Second) // only so that a broken program ends the test
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		answer, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		_, err = text.ReadFrom(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK ||
			!strings.HasPrefix(answer.Header.Get("Content-Type"), "application/openmetrics-text") ||
			!strings.HasSuffix(text.String(), "# EOF\n") {
			t.Fatalf("%s %v %v: %s", answer.Status, answer.Header, err, text.String())
		}
		parser := expfmt.NewTextParser(model.UTF8Validation)
		all, err := parser.TextToMetricFamilies(strings.NewReader(asPrometheus(text.String())))
		if err != nil {
			t.Fatalf("%v\n%s", err, text.String())
		}
		if enough(all) {
			return all
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never came: %s", text.String())
		}
	}
}

// asPrometheus is OpenMetrics as the older text format, which the parser reads: counters keep their suffix in the
// family's name there.
func asPrometheus(text string) string {
	text = strings.ReplaceAll(text, "# EOF\n", "")
	return regexp.MustCompile(`(?m)^(hangtime_\w+)_total\b`).ReplaceAllString(text, "$1")
}

// dashboardMetrics are the names of the metrics that docs/grafana-dashboard.json asks for.
func dashboardMetrics(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			Type    string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr, RefID string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	var names []string
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || len(p.Targets) == 0 || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d (%s): %+v", p.ID, p.Title, p)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			names = append(names, regexp.MustCompile(`hangtime_[a-z_]+`).FindAllString(target.Expr, -1)...)
		}
	}
	if len(board.Panels) < 6 {
		t.Error(fmt.Sprint("only ", len(board.Panels), " panels"))
	}
	return names
}
