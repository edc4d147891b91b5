package refserver

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/tasklog"
)

// writerVar makes the test binary a process that logs as fast as it can: "MODE DIR DURATION".
const writerVar = "HANGTIME_TEST_LOG_WRITER"

// logWriter prints how many lines it wrote.
func logWriter(text string) error {
	var mode, dir string
	var d time.Duration
	var ms int
	if _, err := fmt.Sscan(text, &mode, &dir, &ms); err != nil {
		return err
	}
	d = time.Duration(ms) * time.Millisecond
	l, err := tasklog.Open(mode, dir, os.Getpid())
	if err != nil {
		return err
	}
	n := 0
	for end := time.Now().Add(d); time.Now().Before(end); n++ {
		l.Info("task done", "id", "abcdef-12345", "pid", os.Getpid(), "work", "sleep", "active", 17, "memory_mb", 23.5, "state", "done", "took_ms", 20.1)
	}
	if err := l.Close(); err != nil {
		return err
	}
	fmt.Println(n - int(l.Lost()))
	return nil
}

// Lines a second that reach the files, by four processes that log as fast as they can.
func BenchmarkLog(b *testing.B) {
	for _, mode := range []string{tasklog.PerPID, tasklog.Shared, tasklog.SharedLock} {
		b.Run(mode, func(b *testing.B) {
			lines, seconds := 0, 0.0
			for b.Loop() {
				dir := b.TempDir()
				began := time.Now()
				var writers [4]*exec.Cmd
				var said [4]bytes.Buffer
				for i := range writers {
					writers[i] = exec.Command(os.Args[0])
					writers[i].Env = append(os.Environ(), fmt.Sprintf("%s=%s %s 1000", writerVar, mode, dir))
					writers[i].Stdout = &said[i]
					if err := writers[i].Start(); err != nil {
						b.Fatal(err)
					}
				}
				for i := range writers {
					if err := writers[i].Wait(); err != nil {
						b.Fatal(err)
					}
					n, err := strconv.Atoi(string(bytes.TrimSpace(said[i].Bytes())))
					if err != nil {
						b.Fatal(err)
					}
					lines += n
				}
				seconds += time.Since(began).Seconds()
			}
			b.ReportMetric(float64(lines)/seconds, "lines/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

var requestsPerSecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
var wrkErrors = regexp.MustCompile(`(?m)^\s*(Socket errors|Non-2xx).*$`)

// wrk is the same load for every server: 16 connections, one thread, for 3 s.
func wrk(b *testing.B, address string) float64 {
	b.Helper()
	out, err := exec.Command("wrk", "-t1", "-c16", "-d3s", "http://"+address+"/health").CombinedOutput()
	if err != nil {
		b.Fatalf("wrk (apt-get install wrk): %v: %s", err, out)
	}
	if wrong := wrkErrors.Find(out); wrong != nil {
		b.Logf("%s", wrong)
	}
	found := requestsPerSecond.FindSubmatch(out)
	if found == nil {
		b.Fatalf("wrk said no rate: %s", out)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return rate
}

// GET /health with four workers, beside gunicorn's four sync workers with the guide's Flask application, in one run.
func BenchmarkHealth(b *testing.B) {
	for b.Loop() {
		gunicorn := begin(b, "gunicorn", setup{workers: 4})
		base := wrk(b, gunicorn.address)
		gunicorn.end()
		b.ReportMetric(base, "gunicorn-sync-req/s")
		for _, class := range []string{"sync", "gthread", "async"} {
			s := begin(b, "hangtime", setup{workers: 4, class: class})
			rate := wrk(b, s.address)
			s.end()
			b.ReportMetric(rate, class+"-req/s")
			b.ReportMetric(rate/base, class+"-ratio")
		}
	}
	b.ReportMetric(0, "ns/op")
}
