//go:build bench

// Package bench measures what becomes of tasks that were accepted, with each place where they may wait: when workers
// are killed, when the engine is, when the power is cut; and how many are accepted a second. The server is the real
// program. It is all in tests behind the build tag bench: without it none is there to be called passed. make bench-tasks.
package bench

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	binary = flag.String("hangtime", "", "the hangtime binary")
	only   = flag.String("only", "", "regular expression: which rows")
	table  = flag.String("table", "", "file between whose markers the table is written; empty: only printed")
)

// A row is one place where tasks may wait.
type row struct {
	name   string
	args   []string
	nodes  int  // of a cluster that the bench starts; 0: the server's own engine, if any
	engine bool // there is one, which can be killed
	synced bool // a task is on the disk before it is accepted
}

func rows() []row {
	return []row{
		{name: "memory", args: []string{"--tasks=memory"}},
		{name: "jetstream, interval", args: []string{"--tasks=jetstream", "--tasks-sync=interval"}, engine: true},
		{name: "jetstream, always", args: []string{"--tasks=jetstream", "--tasks-sync=always"}, engine: true, synced: true},
		{name: "jetstream, cluster of 3, always", args: []string{"--tasks=jetstream"}, nodes: 3, engine: true, synced: true},
	}
}

// A line is what was measured of a row; an empty cell was not.
type line struct {
	row
	workers, engines books
	cut              string
	again            []time.Duration // from a worker's death until what it held was begun again
	alone, together  rate
	memory           int64 // bytes, the engine's largest
}

func TestMain(m *testing.M) {
	if text := os.Getenv(nodeVar); text != "" {
		if err := node(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestTasks(t *testing.T) {
	if *binary == "" {
		t.Fatal("want the flag -hangtime, as make bench-tasks gives it")
	}
	which := regexp.MustCompile(*only)
	var lines []line
	for _, r := range rows() {
		if !which.MatchString(r.name) {
			continue
		}
		t.Run(r.name, func(t *testing.T) { lines = append(lines, measure(t, r)) })
	}
	if len(lines) == 0 && len(poolsWanted()) > 0 {
		return
	}
	if len(lines) == 0 {
		t.Fatalf("-only %q: want one that matches a row, such as memory", *only)
	}
	text := tableOf(lines)
	fmt.Println(text)
	if *table != "" && *only == "" && !t.Failed() {
		write(t, "bench-tasks", text)
	}
}

func measure(t *testing.T, r row) line {
	l := line{row: r}
	l.workers, l.again = workerKills(t, r)
	t.Logf("worker kills: %s; begun again %s", l.workers, quantiles(l.again))
	if r.engine {
		l.engines = engineKills(t, r)
		t.Logf("engine kills: %s", l.engines)
	}
	l.cut = powerCut(t, r)
	t.Logf("power cut: %s", l.cut)
	l.alone, l.together, l.memory = rates(t, r)
	t.Logf("accepted a second: %s, %s; memory %d", l.alone, l.together, l.memory)
	return l
}

func tableOf(lines []line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| where tasks wait | lost / stuck / done twice at %d worker kills | at %d engine kills | lost at a power cut | begun again after its worker's death, p50 / p99 / max | accepted a second, one client | %d clients | the engine's memory |\n", kills, engineDeaths, clients)
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, l := range lines {
		engines, memory := "-", "-"
		if l.engine {
			engines, memory = l.engines.String(), fmt.Sprintf("%.0f MiB", float64(l.memory)/(1<<20))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", l.name, l.workers, engines, l.cut,
			quantiles(l.again), l.alone, l.together, memory)
	}
	return b.String()
}

// write puts the table between its markers.
func write(t *testing.T, mark, text string) {
	t.Helper()
	old, err := os.ReadFile(*table)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+mark+" -->\n", "<!-- /"+mark+" -->"
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no markers %q", *table, strings.TrimSpace(begin))
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	when := fmt.Sprintf("`make bench-tasks`, %s, load average at its end %s.\n\n", time.Now().Format(time.DateOnly),
		strings.Fields(string(load))[0])
	if err := os.WriteFile(*table, []byte(before+begin+when+text+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
