package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// proveFreeze lets the server stand still for 2 s in a run of 10 s at 1,000 requests a second, and holds what each
// generator says against what is true.
func proveFreeze(args []string) error {
	flags := flag.NewFlagSet("freeze", flag.ExitOnError)
	to := flags.String("to", "", "document to write into")
	if err := flags.Parse(args); err != nil {
		return err
	}
	const (
		rate  = 1000
		long  = 10 * time.Second
		delay = 20 * time.Millisecond
	)
	all, missing := installed(generators())
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nThe server answers each request after 20 ms and stands still for 2 s from the 4th second on; 10 s at 1,000 requests a second with 64 connections, which is more than the rate needs (hangtime: its own default, at most 1,024; vegeta: as many as it likes, unless said). The true answer is computed for requests that are due each millisecond, whatever a generator makes of them. Of a generator that sent them all the server has written down when it wrote each answer, and the truth is how long after its request was due that was. For the others it is computed from when the server stood still and the median delay of its answers. Milliseconds; in brackets the error.%s\n\n",
		conditions("make prove-freeze"), without(missing))
	b.WriteString("| generator | p50 | p90 | p99 | p99.9 | max | requests sent |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	worst := -1.0
	for _, g := range all {
		if g.fixed == nil || g.answer == nil {
			continue
		}
		if g.frozen == nil {
			g.frozen = g.fixed
		}
		m, err := measure(g, g.frozen(rate, long),
			[]string{"-delay", delay.String(), "-freeze-at", "4s", "-freeze-for", "2s"}, long+30*time.Second)
		if err != nil {
			return err
		}
		said, err := g.answer(m.reads(g))
		_ = os.RemoveAll(m.dir)
		if err != nil {
			return fmt.Errorf("%s: read what it says: %w", g.name, err)
		}
		truth := trueAnswer(m.server, rate, long)
		if n := int(long.Seconds() * rate); len(m.server.Written) == n && len(m.server.Read) == n {
			truth = writtenAnswer(m.server, rate)
		}
		if len(all) > 0 && g.name == all[0].name {
			fmt.Fprintf(&b, "| **truth**, in the run of %s | %.1f | %.0f | %.0f | %.0f | %.0f | 10000 |\n", g.name,
				truth[0], truth[1], truth[2], truth[3], truth[4])
		}
		fmt.Fprintf(&b, "| %s", g.name)
		for i := range said {
			if said[i] < 0 {
				b.WriteString(" | -")
				continue
			}
			off := said[i]/truth[i] - 1
			fmt.Fprintf(&b, " | %.1f (%+.1f %%)", said[i], 100*off)
			if g.name == "hangtime" {
				worst = max(worst, math.Abs(off))
			}
		}
		fmt.Fprintf(&b, " | %d |\n", m.server.Requests)
	}
	if worst >= 0 {
		fmt.Fprintf(&b, "\nhangtime's largest error is %.2f %%; the aim is at most 2 %%.\n", 100*worst)
	}
	if err := publish(*to, "prove-freeze", b.String()); err != nil {
		return err
	}
	if worst > 0.02 {
		return fmt.Errorf("hangtime is %.2f %% off; want at most 2 %%", 100*worst)
	}
	return nil
}

// writtenAnswer is what trueAnswer is, of a server that has answered every request, the first that was due first: from
// when each was due until its answer was written. It has in it what the server needs to catch up, which trueAnswer has
// not. The timetable begins where no request was read before it was due.
func writtenAnswer(s serveStats, rate int) [5]float64 {
	due := func(i int) int64 { return int64(i) * 1e6 / int64(rate) }
	begin := s.Read[0]
	for i, at := range s.Read {
		begin = min(begin, at-due(i))
	}
	all := make([]float64, len(s.Written))
	for i, at := range s.Written {
		all[i] = float64(at-begin-due(i)) / 1e3
	}
	return quantiles(all)
}

// trueAnswer is p50, p90, p99, p99.9 and max, in milliseconds, of requests that come at the rate for so long to the
// server as it was.
func trueAnswer(s serveStats, rate int, long time.Duration) [5]float64 {
	froze := time.Duration(s.FrozenAt) * time.Microsecond
	thawed := froze + time.Duration(s.FrozenFor)*time.Microsecond
	delay := time.Duration(s.DelayP50) * time.Microsecond
	n := int(long.Seconds() * float64(rate))
	all := make([]float64, n)
	for i := range all {
		due := time.Duration(i) * time.Second / time.Duration(rate)
		took := delay
		switch {
		case due >= froze && due < thawed: // read when it stood no more
			took = thawed - due + delay
		case due >= froze-delay && due < froze: // read before, answered after
			took = max(thawed-due, delay)
		}
		all[i] = took.Seconds() * 1e3
	}
	return quantiles(all)
}

func quantiles(all []float64) [5]float64 {
	slices.Sort(all)
	n := len(all)
	at := func(q float64) float64 { return all[min(int(math.Ceil(q*float64(n)))-1, n-1)] }
	return [5]float64{at(0.5), at(0.9), at(0.99), at(0.999), all[n-1]}
}

// hangtimeSays is what the proofs need of hangtime's own figures.
type hangtimeSays struct {
	Sent  uint64  `json:"sent"`
	Late  uint64  `json:"late"`
	CPU   float64 `json:"generator_cpu_seconds"`
	Times map[string]struct {
		P50, P90, P99, Max float64
		P999               float64 `json:"p99.9"`
	} `json:"times"`
}

// provePacing says how long after they were due hits were sent.
func provePacing(args []string) error {
	flags := flag.NewFlagSet("pacing", flag.ExitOnError)
	to := flags.String("to", "", "document to write into")
	if err := flags.Parse(args); err != nil {
		return err
	}
	g := generators()[0]
	have, _ := installed([]generator{g})
	if len(have) == 0 {
		return fmt.Errorf("hangtime is not in the path")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nFrom due to sent, 10 s at each rate, generator and server each on a processor of their own. The aim at 5,000/s is p50 under 100 µs and p99 under 1 ms. CPU is the whole process, start and end included.\n\n| hits/s | p50, µs | p90, µs | p99, µs | p99.9, µs | max, µs | CPU, %% of a processor |\n| --- | --- | --- | --- | --- | --- | --- |\n", conditions("make bench-pacing"))
	var wrong error
	for _, rate := range []int{100, 1000, 5000, 20_000} {
		m, err := measure(have[0], have[0].fixed(rate, 10*time.Second), nil, time.Minute)
		_ = os.RemoveAll(m.dir)
		if err != nil {
			return err
		}
		var says hangtimeSays
		if err := json.Unmarshal([]byte(m.out), &says); err != nil {
			return err
		}
		w := says.Times["wait"]
		fmt.Fprintf(&b, "| %d | %.0f | %.0f | %.0f | %.0f | %.0f | %.1f |\n", rate, w.P50*1e3, w.P90*1e3, w.P99*1e3,
			w.P999*1e3, w.Max*1e3, 100*m.cpu.Seconds()/m.took.Seconds())
		if rate == 5000 && (w.P50 >= 0.1 || w.P99 >= 1) {
			wrong = fmt.Errorf("at 5,000/s p50 is %.0f µs and p99 %.0f µs; want under 100 and 1,000", w.P50*1e3, w.P99*1e3)
		}
	}
	if err := publish(*to, "bench-pacing", b.String()); err != nil {
		return err
	}
	return wrong
}

// proveMemory runs a short and a long attack side by side and compares their peaks.
func proveMemory(args []string) error {
	flags := flag.NewFlagSet("memory", flag.ExitOnError)
	to := flags.String("to", "", "document to write into")
	short := flags.Duration("short", time.Minute, "")
	long := flags.Duration("long", 5*time.Minute, "")
	rate := flags.Int("rate", 2000, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	have, _ := installed(generators()[:1])
	if len(have) == 0 {
		return fmt.Errorf("hangtime is not in the path")
	}
	var pair [2]measured
	var errs [2]error
	var both sync.WaitGroup
	lengths := [2]time.Duration{*short, *long}
	both.Go(func() { pair[1], errs[1] = measure(have[0], have[0].fixed(*rate, *long), nil, *long+time.Minute) })
	both.Go(func() {
		time.Sleep(2 * time.Second) // the long one starts the server
		pair[0], errs[0] = generate(have[0], have[0].fixed(*rate, *short), *short+time.Minute)
	})
	both.Wait()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nPeak memory (VmHWM) of `hangtime load` at %d hits a second, both runs at the same time:\n\n| run | hits | peak, MB |\n| --- | --- | --- |\n", conditions("make prove-load-memory"), *rate)
	for i, m := range pair {
		if errs[i] != nil {
			return errs[i]
		}
		_ = os.RemoveAll(m.dir)
		fmt.Fprintf(&b, "| %v | %s | %.1f |\n", lengths[i], strconv.Itoa(int(lengths[i].Seconds())**rate),
			float64(m.peakKB)/1024)
	}
	growth := float64(pair[1].peakKB)/float64(pair[0].peakKB) - 1
	fmt.Fprintf(&b, "\nThe long run's peak is %+.0f %% of the short one's; the aim is at most +20 %%.\n", 100*growth)
	if err := publish(*to, "prove-load-memory", b.String()); err != nil {
		return err
	}
	if growth > 0.2 {
		return fmt.Errorf("memory grows with the length of a run: %+.0f %%", 100*growth)
	}
	return nil
}
