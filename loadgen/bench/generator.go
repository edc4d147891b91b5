package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const address = "127.0.0.1:9310"

// A generator is a load generator as it is measured: how it is told what to do.
type generator struct {
	name string
	bin  string // looked up in the path
	// most is its command line for 64 connections and no limit; nil: it has none.
	most func(d time.Duration) []string
	// fixed is that for a rate, in requests a second.
	fixed func(rate int, d time.Duration) []string
	// frozen is that for the freeze, where it differs.
	frozen func(rate int, d time.Duration) []string
	// answer reads the percentiles that it reports: p50, p90, p99, p99.9, max in milliseconds, negative where it has
	// none.
	answer func(out string) ([5]float64, error)
}

func generators() []generator {
	url := "http://" + address + "/"
	secs := func(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) + "s" }
	return []generator{
		{
			name: "hangtime", bin: "hangtime",
			most: func(d time.Duration) []string {
				return []string{"load", url, "--max", "-c", "64", "-d", d.String(), "--json"}
			},
			fixed: func(rate int, d time.Duration) []string {
				return []string{"load", url, "-r", strconv.Itoa(rate), "-c", "64", "-d", d.String(), "--json"}
			},
			frozen: func(rate int, d time.Duration) []string {
				return []string{"load", url, "-r", strconv.Itoa(rate), "-d", d.String(), "--json"}
			},
			answer: hangtimeAnswer,
		},
		{
			name: "wrk", bin: "wrk",
			most: func(d time.Duration) []string { return []string{"-t1", "-c64", "-d" + secs(d), url} },
		},
		{
			name: "wrk2", bin: "wrk2",
			fixed: func(rate int, d time.Duration) []string {
				return []string{"-t1", "-c64", "-d" + secs(d), "-R" + strconv.Itoa(rate), "-L", url}
			},
			answer: wrk2Answer,
		},
		{
			name: "bombardier", bin: "bombardier",
			most: func(d time.Duration) []string { return []string{"-c", "64", "-d", secs(d), "-q", url} },
			fixed: func(rate int, d time.Duration) []string {
				return []string{"-c", "64", "-d", secs(d), "-r", strconv.Itoa(rate), "-l", "-p", "r", "-o", "json", url}
			},
			answer: bombardierAnswer,
		},
		{
			name: "fortio", bin: "fortio",
			most: func(d time.Duration) []string {
				return []string{"load", "-quiet", "-c", "64", "-qps", "0", "-t", secs(d), url}
			},
			fixed: func(rate int, d time.Duration) []string {
				return []string{"load", "-quiet", "-c", "64", "-qps", strconv.Itoa(rate), "-t", secs(d), "-p",
					"50,90,99,99.9", "-json", "-", url}
			},
			answer: fortioAnswer,
		},
		{
			name: "vegeta", bin: "vegeta",
			most: func(d time.Duration) []string {
				return []string{"attack", "-rate=0", "-max-workers=64", "-duration=" + d.String(),
					"-targets=targets.txt", "-output=/dev/null"}
			},
			fixed: func(rate int, d time.Duration) []string {
				return []string{"attack", "-rate=" + strconv.Itoa(rate), "-duration=" + d.String(),
					"-targets=targets.txt", "-output=results.bin"}
			},
			answer: vegetaAnswer,
		},
		{
			name: "vegeta, 64 workers", bin: "vegeta",
			fixed: func(rate int, d time.Duration) []string {
				return []string{"attack", "-max-workers=64", "-rate=" + strconv.Itoa(rate), "-duration=" + d.String(),
					"-targets=targets.txt", "-output=results.bin"}
			},
			answer: vegetaAnswer,
		},
		{
			name: "hey", bin: "hey",
			most: func(d time.Duration) []string { return []string{"-c", "64", "-z", secs(d), url} },
			fixed: func(rate int, d time.Duration) []string {
				return []string{"-c", "64", "-z", secs(d), "-q", strconv.FormatFloat(float64(rate)/64, 'f', 3, 64), url}
			},
			answer: heyAnswer,
		},
		{
			name: "k6", bin: "k6",
			most: func(d time.Duration) []string {
				return []string{"run", "--quiet", "--no-usage-report", "--vus", "64", "--duration", secs(d), "most.js"}
			},
			fixed: func(rate int, d time.Duration) []string {
				return []string{"run", "--quiet", "--no-usage-report", "-e", "RATE=" + strconv.Itoa(rate), "-e",
					"LONG=" + secs(d), "--summary-export=summary.json",
					"--summary-trend-stats=med,p(90),p(99),p(99.9),max", "fixed.js"}
			},
			answer: k6Answer,
		},
	}
}

// installed leaves out what is not on this machine, and says so.
func installed(all []generator) (have []generator, missing []string) {
	for _, g := range all {
		path, err := exec.LookPath(g.bin)
		if err != nil {
			if !strings.Contains(strings.Join(missing, " "), g.bin) {
				missing = append(missing, g.bin)
			}
			continue
		}
		if g.bin, err = filepath.Abs(path); err == nil {
			have = append(have, g)
		}
	}
	return have, missing
}

// files are what some generators read.
var files = map[string]string{
	"targets.txt": "GET http://" + address + "/\n",
	"most.js":     "import http from 'k6/http';\nexport default function () { http.get('http://" + address + "/'); }\n",
	"fixed.js": `import http from 'k6/http';
export const options = { scenarios: { a: { executor: 'constant-arrival-rate', rate: Number(__ENV.RATE), timeUnit: '1s', duration: __ENV.LONG, preAllocatedVUs: 64, maxVUs: 64 } } };
export default function () { http.get('http://` + address + `/'); }
`,
}

// A measured is one run of a generator: what it cost, and what the server saw of it.
type measured struct {
	cpu    time.Duration
	peakKB int
	took   time.Duration
	out    string
	server serveStats
	dir    string
}

// measure runs a fresh server on the first processor and a generator on the second, one run bounded in time.
func measure(g generator, args []string, serverArgs []string, limit time.Duration) (measured, error) {
	var m measured
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	server := exec.Command("taskset", append([]string{"-c", "0", self, "serve", "-addr", address}, serverArgs...)...)
	var stats bytes.Buffer
	server.Stdout, server.Stderr = &stats, os.Stderr
	if err := server.Start(); err != nil {
		return m, fmt.Errorf("start the server: %w", err)
	}
	stop := sync.OnceValue(func() error {
		_ = server.Process.Signal(syscall.SIGTERM)
		return server.Wait()
	})
	defer func() { _ = stop() }()
	if err := accepting(5 * time.Second); err != nil {
		return m, err
	}
	m, err = generate(g, args, limit)
	if stopped := stop(); err == nil {
		err = stopped
	}
	if err != nil {
		return m, fmt.Errorf("%s: %w", g.name, err)
	}
	return m, json.Unmarshal(stats.Bytes(), &m.server)
}

func generate(g generator, args []string, limit time.Duration) (m measured, err error) {
	if m.dir, err = os.MkdirTemp("", "hangtime-bench-"); err != nil {
		return m, err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
			return m, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", "1", g.bin}, args...)...)
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+m.dir)
	var out, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &wrong
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return m, err
	}
	peak := make(chan int)
	ended := make(chan struct{})
	go func() { peak <- watchMemory(cmd.Process.Pid, ended) }()
	err = cmd.Wait()
	close(ended)
	m.took, m.peakKB, m.out = time.Since(began), <-peak, out.String()
	if err != nil {
		return m, fmt.Errorf("%w: %s", err, strings.TrimSpace(wrong.String()))
	}
	u := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	m.cpu = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	return m, nil
}

// watchMemory reads the peak of a process's memory (VmHWM, proc_pid_status(5), kB) until it has ended. The kernel's own
// figure for a child, ru_maxrss, has the memory of the parent in it.
func watchMemory(pid int, ended <-chan struct{}) (peak int) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return peak
		case <-tick.C:
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		_, rest, ok := strings.Cut(string(text), "VmHWM:")
		if fields := strings.Fields(rest); ok && len(fields) > 0 {
			if kb, err := strconv.Atoi(fields[0]); err == nil {
				peak = max(peak, kb)
			}
		}
	}
}

// accepting waits for the server.
func accepting(limit time.Duration) error {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile("/proc/net/tcp")
		if err == nil && strings.Contains(string(text), "0100007F:245E 00000000:0000 0A") { // 127.0.0.1:9310, listening
			return nil
		}
	}
	return errors.New("the server does not listen on " + address)
}

// reads says which of a run's traces an answer is read from.
func (m measured) reads(g generator) string {
	if g.bin != "" && (strings.HasPrefix(g.name, "vegeta") || g.name == "k6") {
		return m.dir
	}
	return m.out
}
