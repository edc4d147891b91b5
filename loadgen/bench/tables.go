package main

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tools measures every generator on this machine: as fast as it can on 64 connections, and at a fixed rate.
func tools(args []string) error {
	flags := flag.NewFlagSet("tools", flag.ExitOnError)
	rounds := flags.Int("rounds", 5, "")
	long := flags.Duration("time", 3*time.Second, "of one run")
	rate := flags.Int("rate", 5000, "of the fixed part, requests a second")
	to := flags.String("to", "", "document to write into; empty: standard output only")
	if err := flags.Parse(args); err != nil {
		return err
	}
	all, missing := installed(generators())
	most, err := interleaved(all, *rounds, func(g generator) []string {
		if g.most == nil {
			return nil
		}
		return g.most(*long)
	}, *long)
	if err != nil {
		return err
	}
	fixed, err := interleaved(all, *rounds, func(g generator) []string {
		if g.fixed == nil {
			return nil
		}
		return g.fixed(*rate, *long)
	}, *long)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%d interleaved rounds of %v; server pinned to processor 0, generator to processor 1, 64 keep-alive connections, answers of 2 bytes. Requests are counted by the server; processor time is user + system of the whole generator, start and end included; median (best).%s\n\n",
		conditions("make bench-load"), *rounds, *long, without(missing))
	b.WriteString("As fast as the server answers:\n\n| generator | requests/s | CPU s per million | against wrk | peak memory, MB |\n| --- | --- | --- | --- | --- |\n")
	wrk := math.NaN()
	for _, r := range most {
		if r.name == "wrk" {
			wrk = median(r.perMillion())
		}
	}
	slices.SortStableFunc(most, func(x, y row) int { return compare(median(x.perMillion()), median(y.perMillion())) })
	for _, r := range most {
		fmt.Fprintf(&b, "| %s | %.0f (%.0f) | %.2f (%.2f) | %s | %.0f |\n", r.name, median(r.rates()),
			slices.Max(r.rates()), median(r.perMillion()), slices.Min(r.perMillion()),
			ratio(median(r.perMillion())/wrk), median(r.peaks()))
	}
	fmt.Fprintf(&b, "\nAt a fixed %d requests a second:\n\n| generator | requests/s | CPU s per million | arrivals in 1 ms: variance/mean | most in 1 ms | peak memory, MB |\n| --- | --- | --- | --- | --- | --- |\n", *rate)
	slices.SortStableFunc(fixed, func(x, y row) int { return compare(median(x.perMillion()), median(y.perMillion())) })
	for _, r := range fixed {
		fmt.Fprintf(&b, "| %s | %.0f | %.1f (%.1f) | %.2f | %.0f | %.0f |\n", r.name, median(r.rates()),
			median(r.perMillion()), slices.Min(r.perMillion()),
			median(r.of(func(m measured) float64 {
				return m.server.Dispersion
			})), median(r.of(func(m measured) float64 { return float64(m.server.MostAMS) })), median(r.peaks()))
	}
	return publish(*to, "bench-load", b.String())
}

func compare(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func ratio(r float64) string {
	if math.IsNaN(r) {
		return "-"
	}
	return fmt.Sprintf("%.2f x", r)
}

// row is all runs of one generator.
type row struct {
	name string
	runs []measured
	long time.Duration
}

func (r row) of(f func(measured) float64) []float64 {
	all := make([]float64, len(r.runs))
	for i, m := range r.runs {
		all[i] = f(m)
	}
	return all
}

func (r row) rates() []float64 {
	return r.of(func(m measured) float64 { return float64(m.server.Requests) / r.long.Seconds() })
}

func (r row) perMillion() []float64 {
	return r.of(func(m measured) float64 { return m.cpu.Seconds() / float64(m.server.Requests) * 1e6 })
}

func (r row) peaks() []float64 {
	return r.of(func(m measured) float64 { return float64(m.peakKB) / 1024 })
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// interleaved runs each generator once a round, so that what else the machine does falls on all alike.
func interleaved(all []generator, rounds int, args func(generator) []string, long time.Duration) ([]row, error) {
	var rows []row
	for _, g := range all {
		if args(g) != nil {
			rows = append(rows, row{name: g.name, long: long})
		}
	}
	for n := range rounds {
		for i := range rows {
			at := slices.IndexFunc(all, func(g generator) bool { return g.name == rows[i].name })
			m, err := measure(all[at], args(all[at]), nil, long+30*time.Second)
			_ = os.RemoveAll(m.dir)
			if err != nil {
				return nil, err
			}
			rows[i].runs = append(rows[i].runs, m)
			fmt.Fprintf(os.Stderr, "round %d of %d: %-20s %8d requests, %.2f s of processor time\n", n+1, rounds,
				rows[i].name, m.server.Requests, m.cpu.Seconds())
		}
	}
	return rows, nil
}

// conditions says when and where something was measured.
func conditions(command string) string {
	var uts unix.Utsname
	_ = unix.Uname(&uts)
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(text), "model name\t: "); ok {
			model, _, _ = strings.Cut(rest, "\n")
		}
	}
	load, _, _ := strings.Cut(readLine("/proc/loadavg"), " ")
	commit := "unknown commit"
	if text, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil {
		commit = string(bytes.TrimSpace(text))
	}
	return fmt.Sprintf("`%s` on %s at commit %s: %d processors (%s), Linux %s, %s, load average %s at the start of this table's writing.", command, time.Now().Format("2006-01-02 15:04"), commit,
		runtime.NumCPU(), model, unix.ByteSliceToString(uts.Release[:]), runtime.Version(), load)
}

func readLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

func without(missing []string) string {
	if len(missing) == 0 {
		return ""
	}
	return " Not installed here: " + strings.Join(missing, ", ") + "."
}

// publish prints a section and puts it into the document, between its two marks.
func publish(path, section, text string) error {
	fmt.Println(text)
	if path == "" {
		return nil
	}
	doc, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+section+" -->\n", "<!-- end of "+section+" -->\n"
	before, rest, ok := strings.Cut(string(doc), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no marks for %s", path, section)
	}
	return os.WriteFile(path, []byte(before+begin+text+"\n"+end+after), 0o644)
}
