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

	"github.com/hangtime-dev/hangtime/reference-server/realengine"
)

var (
	binary = flag.String("hangtime", "", "the hangtime binary")
	only   = flag.String("only", "", "regular expression: which rows; the others stay in the table as they are")
	table  = flag.String("table", "", "file between whose markers the table is written; empty: only printed")
)

// A row is one place where tasks may wait.
type row struct {
	name   string
	args   []string
	module string                                // below engines/, of the program that has it; empty: hangtime itself
	open   func(t *testing.T, dir string) keeper // starts what keeps the tasks beside the server; nil: the server's own engine, if any
	lacks  func() error                          // why it cannot be started on this machine
	engine bool                                  // there is one, which can be killed
	synced bool                                  // a task is on the disk before it is accepted
	load   load
}

// A load is how many tasks are posted, one every so often.
type load struct {
	tasks int
	every time.Duration // between two tasks of one of the posters
	kills time.Duration // between two deaths of a worker
}

// usual is 250 tasks a second for 8 seconds; patient is for an engine that is overloaded by a quarter of that: 20 a second.
var (
	usual   = load{tasks: 2000, every: 16 * time.Millisecond, kills: 350 * time.Millisecond}
	patient = load{tasks: 600, every: 200 * time.Millisecond, kills: 1200 * time.Millisecond}
)

func rows() []row {
	return []row{
		{name: "memory", args: []string{"--tasks=memory"}, load: usual},
		{name: "jetstream, interval", args: []string{"--tasks=jetstream", "--tasks-sync=interval", "--task-ack-wait=2s"},
			engine: true, load: usual},
		{name: "jetstream, always", args: []string{"--tasks=jetstream", "--tasks-sync=always", "--task-ack-wait=2s"},
			engine: true, synced: true, load: usual},
		{name: "jetstream, cluster of 3, always", args: []string{"--tasks=jetstream", "--task-ack-wait=2s"},
			open: openCluster, engine: true, synced: true, load: usual},
		{name: "redis, everysec", args: []string{"--tasks=redis", "--redis-ack-wait=2s"}, module: "redis",
			open: openRedis("everysec"), lacks: realengine.NoRedis, engine: true, load: usual},
		{name: "redis, always", args: []string{"--tasks=redis", "--redis-ack-wait=2s"}, module: "redis",
			open: openRedis("always"), lacks: realengine.NoRedis, engine: true, synced: true, load: usual},
		{name: "rabbitmq, quorum queue", args: []string{"--tasks=rabbitmq", "--rabbitmq-ack-wait=2s"}, module: "rabbitmq",
			open: openRabbitMQ, lacks: realengine.NoRabbitMQ, engine: true, synced: true, load: usual},
		{name: "temporal, SQLite", args: []string{"--tasks=temporal", "--temporal-ack-wait=2s"}, module: "temporal",
			open: openTemporal, lacks: noTemporal, engine: true, synced: true, load: patient},
	}
}

// A line is what was measured of a row; an empty cell was not.
type line struct {
	row
	workers, engines books
	cut              string
	again            []time.Duration // from a worker's death until what it held was begun again
	alone, together  rate
	memory           int64  // bytes, the engine's largest
	lacking          string // why nothing was measured
	when             string // and how loaded the machine was
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
	text := heading + written(lines)
	fmt.Println(text)
	if *table != "" && !t.Failed() {
		write(t, lines)
	}
}

func measure(t *testing.T, r row) line {
	l := line{row: r}
	if r.lacks != nil {
		if err := r.lacks(); err != nil {
			t.Logf("not measured: %v", err)
			l.lacking, _, _ = strings.Cut(err.Error(), "\n")
			return l
		}
	}
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
	l.when = moment(t)
	return l
}

// putBetween writes a table between its markers.
func putBetween(t *testing.T, mark, text string) {
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
