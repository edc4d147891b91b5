//go:build bench

// Package bench measures the diagnosis against hangs whose moment and cause are known, on servers that are watched
// from outside as `hangtime watch` does. It is all in tests, for the room itself reads nothing but histories, and
// behind the build tag bench: without it none is there to be called passed. make bench-diagnose.
package bench

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
)

var (
	binary = flag.String("hangtime", "", "the hangtime binary")
	trials = flag.Int("trials", 0, "of each cause")
	only   = flag.String("only", "", "regular expression: which causes (\"gunicorn: flock\")")
	lanes  = flag.Int("lanes", 3, "servers at once")
	record = flag.String("record", "", "folder for a recording of each cause; empty: none are kept")
	table  = flag.String("table", "", "file between whose markers the table is written; empty: only printed")
)

// A result is what became of the trials of one cause.
type result struct {
	cause
	made      int
	found     int
	right     int             // the cause
	lines     int             // the line
	suspect   []time.Duration // from the hang's moment, or from when others had to wait behind it
	certain   []time.Duration
	since     []time.Duration // absolute errors
	wrong     map[string]int  // what else it was called
	place     string          // the line of the application, as it is to be named
	spurious  []spell         // found where nothing was done
	missed    []string        // what was done and not found, with what was said of that worker
	lateShare float64
}

func TestTrials(t *testing.T) {
	if *binary == "" || *trials == 0 {
		t.Fatal("want the flags -hangtime and -trials, as make bench-diagnose-trials gives them")
	}
	which := regexp.MustCompile(*only)
	var results []*result
	var hands sync.WaitGroup
	slots := make(chan struct{}, *lanes)
	for _, c := range causes() {
		if !which.MatchString(c.server + ": " + c.name) {
			continue
		}
		r := &result{cause: c, wrong: map[string]int{}}
		results = append(results, r)
		hands.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(c.server+": "+c.name, func(t *testing.T) { r.measure(t) })
		})
	}
	hands.Wait()
	text := trialTable(results)
	fmt.Println(text)
	write(t, "trials", text)
}

// measure makes hangs until there are enough, and compares what was found with what was done.
func (r *result) measure(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if r.line != "" {
		r.place = placeOf(t, r.cause)
	}
	s := start(ctx, t, r.server, r.args)
	w, stop := watchServer(ctx, t, s)
	l := &lane{watch: w, t: t, server: s, hold: r.hold, random: rand.New(rand.NewPCG(1, uint64(len(r.name))))}
	var load sync.WaitGroup
	load.Go(func() { l.load(ctx, r.cause) })
	time.Sleep(2 * time.Second)
	var done []truth
	for round := 0; len(done) < *trials && round < 3**trials && !t.Failed(); round++ {
		done = append(done, together(r.round(ctx, l), r.held)...)
		time.Sleep(1200*time.Millisecond + r.rest)
	}
	cancel()
	load.Wait()
	stop()
	r.compare(done, w.findings())
	w.mu.Lock()
	r.lateShare = float64(w.late) / float64(max(w.ticks, 1))
	w.mu.Unlock()
}

// together says of the hangs of one round when the last worker was held: from then on others wait behind each of them.
func together(round []truth, held int) []truth {
	if held == 0 || len(round) < held {
		return round
	}
	last := slices.MaxFunc(round, func(a, b truth) int { return cmp.Compare(a.from, b.from) }).from
	for i := range round {
		round[i].behind = last
	}
	return round
}

// load is a little traffic beside the hangs, so that healthy workers are seen to be healthy.
func (l *lane) load(ctx context.Context, c cause) {
	rate := c.load
	if rate == 0 {
		rate = 30
	}
	method, path, body := "GET", "/?for=0.002", ""
	if c.path == "/task" {
		method, path, body = "POST", "/task", fmt.Sprintf(`{"work":%q,"duration":"2ms"}`, cmp.Or(c.work, "sleep"))
	}
	random := rand.New(rand.NewPCG(2, uint64(len(c.name)))) // its own: the lane's is the round's, which runs beside it
	var hands sync.WaitGroup
	defer hands.Wait()
	for ctx.Err() == nil {
		time.Sleep(time.Duration(random.ExpFloat64() / rate * float64(time.Second)))
		hands.Go(func() { l.ask(l.server, method, path, body, 15*time.Second) })
	}
}

// tolerance is how much earlier than the hang's known moment a finding may say it began: two clocks and a log line
// lie between.
const tolerance = 150 * time.Millisecond

func (r *result) compare(done []truth, found []spell) {
	r.made = len(done)
	for i := range done {
		done[i].until = max(done[i].until, done[i].from+r.hold)
	}
	used := make([]bool, len(found))
	for _, one := range done {
		i := slices.IndexFunc(found, func(s spell) bool {
			said := s.last(one.until)
			from, at := one.began(said.since), r.at(s)
			return s.pid == one.pid && at >= from && at <= one.until+time.Second && said.since >= from-tolerance
		})
		if i < 0 {
			r.missed = append(r.missed, one.missedBy(found))
			continue
		}
		used[i] = true
		s, said := found[i], found[i].last(one.until)
		from := one.began(said.since)
		if r.slow && s.found >= 0 {
			r.wrong["hung: "+said.short]++
			continue
		}
		r.found++
		r.certain = append(r.certain, r.at(s)-from)
		r.since = append(r.since, (said.since - from).Abs())
		if s.suspect >= 0 {
			r.suspect = append(r.suspect, max(0, s.suspect-max(from, one.behind)))
		}
		kind, line := r.want == "" || said.cause == r.want, r.line == "" || strings.Contains(said.where, r.place)
		if kind {
			r.right++
		}
		if line {
			r.lines++
		}
		if !kind || !line {
			r.wrong[fmt.Sprintf("%s: %s, in %s", said.cause, said.short, said.where)]++
		}
	}
	for i, s := range found {
		// What happens to the same worker while the harm lasts, or as it ends, is not out of nothing.
		if s.found >= 0 && !used[i] && !slices.ContainsFunc(done, func(one truth) bool {
			since := s.last(one.until).since
			return one.pid == s.pid && s.found >= one.began(since) && since <= one.from+2*r.hold+r.rest+2*time.Second
		}) {
			r.spurious = append(r.spurious, s)
		}
	}
}

// at is when a spell was called what it is to be called: hung or dead, or slow; -1: never.
func (r *result) at(s spell) time.Duration {
	if r.slow && s.found < 0 {
		return s.slow
	}
	return s.found
}

// placeOf is the line of the application that has the mark of a cause: "app.py:27".
func placeOf(t *testing.T, c cause) string {
	t.Helper()
	file := "waits.py"
	if c.server == "gunicorn" {
		file = "app.py"
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasSuffix(line, "# here: "+c.line) {
			return fmt.Sprintf("%s:%d)", file, i+1)
		}
	}
	t.Fatalf("%s has no line for %q", file, c.line)
	return ""
}

// quantile is the nearest-rank quantile; NaN of nothing.
func quantile(all []time.Duration, q float64) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)].Seconds()
}

func millis(all []time.Duration) string {
	if len(all) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f / %.0f ms", quantile(all, 0.5)*1000, quantile(all, 0.99)*1000)
}

func trialTable(results []*result) string {
	var b strings.Builder
	b.WriteString("| server | what was done | called | trials | found | cause right | line right | suspect p50 / p99 | certain p50 / p99 | since-when error p50 / p99 | found without reason |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|\n")
	var suspect, loops, since []time.Duration
	var made, found, right, kinds, lines, placed, spurious int
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %s | %s | %s | %s | %s | %d |\n", r.server, r.name, r.called(), r.made,
			r.found, countOr(r.want, r.right), countOr(r.line, r.lines), millis(r.suspect), millis(r.certain),
			millis(r.since), len(r.spurious))
		made, found, spurious = made+r.made, found+r.found, spurious+len(r.spurious)
		if r.want != "" {
			right, kinds = right+r.right, kinds+r.made
		}
		if r.line != "" {
			lines, placed = lines+r.lines, placed+r.made
		}
		suspect, since = append(suspect, r.suspect...), append(since, r.since...)
		if !r.pool {
			loops = append(loops, r.certain...)
		}
	}
	fmt.Fprintf(&b, "| all | | | %d | %d (%s) | %d of %d (%s) | %d of %d (%s) | %s | %s (without those of 5 s) | %s | %d |\n",
		made, found, percent(found, made), right, kinds, percent(right, kinds), lines, placed, percent(lines, placed),
		millis(suspect), millis(loops), millis(since), spurious)
	for _, r := range results {
		for _, what := range r.missed {
			fmt.Fprintf(&b, "\n%s, %s: not found: %s", r.server, r.name, what)
		}
		for what, n := range r.wrong {
			fmt.Fprintf(&b, "\n%s, %s: %d times called %s", r.server, r.name, n, what)
		}
		for _, s := range r.spurious {
			said := s.words[len(s.words)-1]
			fmt.Fprintf(&b, "\n%s, %s: found without reason: pid %d at %.3f s since %.3f s, %s (%s)", r.server, r.name,
				s.pid, s.found.Seconds(), said.since.Seconds(), said.cause, said.short)
		}
		if r.lateShare > 0 {
			fmt.Fprintf(&b, "\n%s, %s: %.1f %% of hangtime's own ticks were over 100 ms late", r.server, r.name,
				100*r.lateShare)
		}
	}
	return b.String()
}

// called is the word that a worker is to be called by.
func (r *result) called() string {
	switch {
	case r.slow && r.want == "":
		return "awaiting"
	case r.slow:
		return "slow"
	case r.want == diagnose.CauseKilled:
		return "dead"
	case r.want == diagnose.CauseStopped:
		return "stopped"
	}
	return "hung"
}

// countOr is a count of trials, and nothing where nothing was wanted.
func countOr(wanted string, n int) string {
	if wanted == "" {
		return "-"
	}
	return strconv.Itoa(n)
}

func percent(n, of int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(max(of, 1))) }

// write puts text between the markers of a name in the table's file.
func write(t *testing.T, name, text string) {
	t.Helper()
	if *table == "" {
		return
	}
	old, err := os.ReadFile(*table)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no markers %q", *table, strings.TrimSpace(begin))
	}
	if err := os.WriteFile(*table, []byte(before+begin+text+"\n"+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
