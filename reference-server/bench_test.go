package refserver

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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
		l.Info("task done", "id", "abcdef-12345", "pid", os.Getpid(), "work", "sleep", "active", 17, "memory_mib", 23.5,
			"state", "done", "took_ms", 20.1)
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
var requestsAnswered = regexp.MustCompile(`([0-9]+) requests in`)
var wrkErrors = regexp.MustCompile(`(?m)^\s*(Socket errors|Non-2xx).*$`)

// A cost is what requests took: how many a second were answered, and how much processor time the server and wrk
// needed for each, microseconds.
type cost struct{ rate, server, wrk float64 }

// wrk is the same load for every server: one thread, for 3 s.
func wrk(b *testing.B, s *target, connections int) cost {
	b.Helper()
	before := s.used(b)
	load := exec.Command("wrk", "-t1", fmt.Sprintf("-c%d", connections), "-d3s", "http://"+s.address+"/health")
	out, err := load.CombinedOutput()
	if err != nil {
		b.Fatalf("wrk (apt-get install wrk): %v: %s", err, out)
	}
	server := s.used(b) - before
	answered := requestsAnswered.FindSubmatch(out)
	if answered == nil {
		b.Fatalf("wrk said no number of requests: %s", out)
	}
	requests := float64(atoi(string(answered[1])))
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
	return cost{rate, float64(server.Microseconds()) / requests,
		float64((load.ProcessState.UserTime() + load.ProcessState.SystemTime()).Microseconds()) / requests}
}

// used is the processor time that the arbiter and its workers have had, proc_pid_stat(5), in ticks of 10 ms.
func (s *target) used(b *testing.B) time.Duration {
	b.Helper()
	ticks := 0
	for _, pid := range append(s.workers(), s.cmd.Process.Pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			b.Fatal(err)
		}
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		ticks += atoi(string(fields[11])) + atoi(string(fields[12]))
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// GET /health with four workers, beside gunicorn's four sync workers with the guide's Flask application, in one run.
// Where wrk and the servers share the processors, wrk takes what a fast server leaves: the processor time for each
// request says what the server itself costs, and with a processor each wrk takes nothing from any server.
func BenchmarkHealth(b *testing.B) {
	for _, v := range []struct {
		name        string
		connections int
		apart       bool // all of a server on one processor, wrk on another
	}{{"16-connections", 16, false}, {"64-connections", 64, false}, {"16-connections-a-processor-each", 16, true},
		{"64-connections-a-processor-each", 64, true}} {
		b.Run(v.name, func(b *testing.B) {
			serverOn, wrkOn := func() {}, func() {}
			if v.apart {
				serverOn, wrkOn = processorEach(b)
			}
			measure := func(k kind, u setup) cost {
				serverOn()
				s := begin(b, k, u)
				wrkOn()
				c := wrk(b, s, v.connections)
				s.end()
				return c
			}
			for b.Loop() {
				base := measure(gunicornKinds(b)[0], setup{workers: 4})
				report := func(name string, c cost) {
					b.ReportMetric(c.rate, name+"-req/s")
					b.ReportMetric(c.server, name+"-server-us/req")
					b.ReportMetric(c.wrk, name+"-wrk-us/req")
				}
				report("gunicorn", base)
				for _, class := range []string{"sync", "gthread", "async"} {
					c := measure(ours(), setup{workers: 4, class: class})
					report(class, c)
					b.ReportMetric(c.rate/base.rate, class+"-rate-ratio")
					b.ReportMetric(base.server/c.server, class+"-cpu-ratio")
				}
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// processorEach gives two functions that make what is started from then on run on the first and on the second
// processor that this process may use, sched_setaffinity(2).
func processorEach(b *testing.B) (first, second func()) {
	b.Helper()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		b.Fatal(err)
	}
	var sets []unix.CPUSet
	for cpu := 0; len(sets) < 2 && cpu < 1024; cpu++ {
		if all.IsSet(cpu) {
			var one unix.CPUSet
			one.Set(cpu)
			sets = append(sets, one)
		}
	}
	if len(sets) < 2 {
		b.Skip("it needs two processors")
	}
	runtime.LockOSThread() // a child has the affinity of the thread that starts it
	b.Cleanup(func() {
		_ = unix.SchedSetaffinity(0, &all)
		runtime.UnlockOSThread()
	})
	use := func(set unix.CPUSet) func() {
		return func() {
			if err := unix.SchedSetaffinity(0, &set); err != nil {
				b.Fatal(err)
			}
		}
	}
	return use(sets[0]), use(sets[1])
}
