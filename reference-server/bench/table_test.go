//go:build bench

package bench

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// heading is the table's first two lines.
var heading = fmt.Sprintf("| where tasks wait | lost / stuck / done twice at %d worker kills | at %d engine kills | lost at a power cut | begun again after its worker's death, p50 / p99 / max | accepted a second, one client | %d clients | the engine's memory | measured, load average then |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
	kills, engineDeaths, clients)

func written(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.String())
	}
	return b.String()
}

func (l line) String() string {
	if l.lacking != "" {
		return fmt.Sprintf("| %s | not measured: %s | - | - | - | - | - | - | - |\n", l.name, l.lacking)
	}
	engines, memory := "-", "-"
	if l.engine {
		engines, memory = l.engines.String(), fmt.Sprintf("%.0f MiB", float64(l.memory)/(1<<20))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", l.name, l.workers, engines, l.cut,
		quantiles(l.again), l.alone, l.together, memory, l.when)
}

// moment is today, and how many processes have wanted a processor in the last minute, proc_loadavg(5).
func moment(t *testing.T) string {
	t.Helper()
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	return time.Now().Format(time.DateOnly) + ", " + strings.Fields(string(load))[0]
}

// write puts the rows between the markers of the table, in the order of rows; those that were not measured now stay.
func write(t *testing.T, lines []line) {
	t.Helper()
	old, err := os.ReadFile(*table)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- bench-tasks -->\n", "<!-- /bench-tasks -->"
	before, rest, ok := strings.Cut(string(old), begin)
	was, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no markers %q", *table, strings.TrimSpace(begin))
	}
	text := heading
	for _, r := range rows() {
		if i := slices.IndexFunc(lines, func(l line) bool { return l.name == r.name }); i >= 0 {
			text += lines[i].String()
			continue
		}
		for one := range strings.Lines(was) {
			if strings.HasPrefix(one, "| "+r.name+" |") {
				text += one
			}
		}
	}
	if err := os.WriteFile(*table, []byte(before+begin+text+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
