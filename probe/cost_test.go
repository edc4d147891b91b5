package probe

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// forks is a pre-fork server in as few words as will do: argument 1 is how many workers, 2 how many threads each has,
// 3 how many seconds an answer takes. Where answers take none, one thread of each serves and the others sleep.
const forks = `
import os, signal, socket, sys, threading, time
l = socket.socket(); l.bind(("127.0.0.1", 0)); l.listen(512)
slow = float(sys.argv[3])
def work():
    for _ in range(int(sys.argv[2]) - 1):
        threading.Thread(target=serve if slow else lambda: time.sleep(3600), daemon=True).start()
    serve()
def serve():
    while True:
        c, _ = l.accept()
        c.recv(4096); time.sleep(slow); c.sendall(b"HTTP/1.0 200 OK\r\n\r\n"); c.close()
for _ in range(int(sys.argv[1])):
    if os.fork() == 0:
        work()
print(l.getsockname()[1], flush=True)
sys.stdin.read()
os.killpg(0, signal.SIGKILL)
`

// BenchmarkCost says what share of one core it takes to watch a server; all of this process counts, a drain of the
// history after each look included, as `hangtime watch` does it.
func BenchmarkCost(b *testing.B) {
	for _, c := range []struct {
		name             string
		workers, threads int
		rate             int // requests a second, each on a connection of its own
		slow             int // seconds that an answer takes
	}{
		{"nothing-watched", 0, 1, 0, 0}, {"4x4-idle", 4, 4, 0, 0}, {"4x4-200-a-second", 4, 4, 200, 0},
		{"64x4-idle", 64, 4, 0, 0}, {"64x4-500-a-second", 64, 4, 500, 0}, {"16x4-10-a-second-of-3s", 16, 4, 10, 3},
	} {
		b.Run(c.name, func(b *testing.B) {
			port := fork(b, c.workers, c.threads, c.slow)
			rec := history.NewRecorder(time.Now())
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			tick := func() { time.Sleep(sampleEvery) }
			if c.workers > 0 { // without: what the benchmark itself takes
				found, err := discovery.Find(discovery.Hint{Port: port})
				if err != nil {
					b.Fatal(err)
				}
				p, err := Watch(ctx, found, rec)
				if err != nil {
					b.Fatal(err)
				}
				defer p.Close()
				tick = func() { <-p.Ticked() }
				if got := len(p.Workers()); got != c.workers {
					b.Fatalf("%d workers of %d", got, c.workers)
				}
			}
			stop := send(b, port, c.rate)
			defer stop()
			time.Sleep(5 * time.Second) // the iterators are open by then
			const span = 10 * time.Second
			spare := rec.Drain(nil)
			records := 0
			began, used := time.Now(), cpuUsed(b)
			for time.Since(began) < span {
				tick()
				spare = rec.Drain(spare)
				records += len(spare)
			}
			b.ReportMetric(100*float64(cpuUsed(b)-used)/float64(time.Since(began)), "%core")
			b.ReportMetric(float64(records)/time.Since(began).Seconds(), "records/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func cpuUsed(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fork starts such a server until the benchmark ends, and returns its port.
func fork(b *testing.B, workers, threads, slow int) int {
	cmd := exec.Command("/usr/bin/python3", "-c", forks, fmt.Sprint(workers), fmt.Sprint(threads), fmt.Sprint(slow))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its children too, also where it has ended before
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	var port int
	if _, wrong := fmt.Sscan(strings.TrimSpace(line), &port); err != nil || wrong != nil {
		b.Fatalf("want a port, got %q (%v)", line, err)
	}
	return port
}

// send loads the server from a process of its own, so that the load is not counted.
func send(b *testing.B, port, rate int) (stop func()) {
	if rate == 0 {
		return func() {}
	}
	cmd := exec.Command("/usr/bin/python3", "-c", `
import socket, sys, threading, time
port, rate = int(sys.argv[1]), int(sys.argv[2])
due = time.monotonic()
def ask():
    c = socket.create_connection(("127.0.0.1", port)); c.sendall(b"GET / HTTP/1.0\r\n\r\n"); c.recv(4096); c.close()
while True:
    if rate < 50: threading.Thread(target=ask, daemon=True).start()
    else: ask()
    due += 1 / rate
    time.sleep(max(0, due - time.monotonic()))
`, fmt.Sprint(port), fmt.Sprint(rate))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}
