package probe

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

var watcherBinary = flag.String("hangtime", "", "the hangtime binary, for BenchmarkEffect")

// BenchmarkEffect says what a server loses by being watched: requests a second of gunicorn's four sync workers as fast
// as they answer, with `hangtime watch` and without in turn, each for 2 s. Once the server has a processor to itself,
// as where the watcher's cost falls on spare time; once all share all, where it is the server's.
func BenchmarkEffect(b *testing.B) {
	if *watcherBinary == "" {
		b.Skip("make bench-probe-effect names the binary")
	}
	for _, layout := range []struct{ name, server, client string }{{"server-on-a-processor-of-its-own", "0", "1"},
		{"all-on-both", "0-1", "0-1"}} {
		b.Run(layout.name, func(b *testing.B) {
			pid, address := gunicorn(b, layout.server)
			var ratios []float64
			for range b.N {
				// Which is first changes from round to round: a machine that gets slower or faster favours neither.
				var rate [2]float64
				first := len(ratios) % 2
				for _, watched := range []int{first, 1 - first} {
					rate[watched] = answers(b, pid, address, layout.client, watched == 1)
				}
				ratios = append(ratios, rate[1]/rate[0])
			}
			slices.Sort(ratios)
			n := len(ratios)
			b.ReportMetric(100*(ratios[n/2]-1), "%median")
			b.ReportMetric(100*(ratios[n/4]-1), "%quarter-below")
			b.ReportMetric(100*(ratios[3*n/4]-1), "%quarter-above")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// gunicorn starts one until the benchmark ends.
func gunicorn(b *testing.B, processors string) (pid int, address string) {
	dir := b.TempDir()
	app := "def app(env, start):\n    start('200 OK', [('Content-Length', '2')])\n    return [b'ok']\n"
	if err := os.WriteFile(filepath.Join(dir, "plain.py"), []byte(app), 0o600); err != nil {
		b.Fatal(err)
	}
	address = "127.0.0.1:" + strconv.Itoa(freePort(b))
	cmd := exec.Command("taskset", "-c", processors, "gunicorn", "--workers=4", "--log-level=warning", "--bind="+
		address, "plain:app")
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		children, err := proc.FS("/proc").Children(cmd.Process.Pid)
		if err == nil && len(children) == 4 {
			break
		}
		if time.Now().After(deadline) {
			b.Fatalf("gunicorn has %d workers (%v)", len(children), err)
		}
	}
	time.Sleep(time.Second)
	return cmd.Process.Pid, address
}

var (
	perSecond  = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	errorLines = regexp.MustCompile(`(?m)^ *(Socket errors|Non-2xx).*$`)
)

// answers is how many requests a second wrk gets answered in 2 s.
func answers(b *testing.B, pid int, address, processors string, watched bool) float64 {
	// What it takes to begin to watch is not what it takes to watch.
	defer time.Sleep(500 * time.Millisecond)
	if watched {
		watch := exec.Command("taskset", "-c", processors, *watcherBinary, "watch", "--headless", "--pid", strconv.Itoa(pid))
		watch.Stderr = os.Stderr
		if err := watch.Start(); err != nil {
			b.Fatal(err)
		}
		defer func() {
			_ = watch.Process.Signal(syscall.SIGINT)
			if err := watch.Wait(); err != nil {
				b.Errorf("hangtime watch: %v, want that it saw no hang", err)
			}
		}()
	}
	time.Sleep(1500 * time.Millisecond)
	out, err := exec.Command("taskset", "-c", processors, "wrk", "-t1", "-c8", "-d2s",
		fmt.Sprintf("http://%s/", address)).CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	if wrong := errorLines.FindAll(out, -1); wrong != nil {
		b.Errorf("wrk says %q: its rate is not one of answers", wrong)
	}
	m := perSecond.FindSubmatch(out)
	if m == nil {
		b.Fatalf("wrk said %s", out)
	}
	rate, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return rate
}

func freePort(b *testing.B) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
