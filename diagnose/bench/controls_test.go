//go:build bench

package bench

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
)

var lasting = flag.Duration("control", 0, "how long each control is watched, half of it one that has the machine for itself")

// A quiet is a server that suffers in some way and has no hang: whatever is found there is false.
type quiet struct {
	name    string
	server  string
	args    []string
	method  string
	path    string
	body    string
	share   float64         // of the capacity that was measured
	alone   bool            // it takes whole processors: nothing else is run beside it
	long    int             // long requests beside, all the time
	beside  string          // what they ask for; empty: an answer after 20 s
	upgrade bool            // these are web sockets on which nothing is said
	once    string          // path that is asked once before
	every   func(s *server) // done every five seconds
	quota   int             // percent of one processor; 0: as much as there is
	idle    bool            // nothing is asked of it at all
	must    diagnose.Label

	findings []spell
	minutes  float64
	rate     float64
	capacity float64
	asked    atomic.Int64
	failed   atomic.Int64
	late     float64
	labels   map[diagnose.Label]int
	problem  string
}

func quiets() []*quiet {
	sync4, threads := []string{"--workers=4"}, []string{"--workers=2", "--threads=4"}
	return []*quiet{
		{name: "healthy", server: "gunicorn", args: sync4, method: "GET", path: "/?for=0.02", share: 0.8},
		{name: "congestion", server: "gunicorn", args: sync4, method: "GET", path: "/?for=0.02", share: 1.5,
			must: diagnose.Saturated},
		{name: "quota", server: "gunicorn", args: []string{"--workers=2"}, method: "GET", path: "/cpu?for=0.02",
			share: 1.2, quota: 20},
		{name: "long polls", server: "gunicorn", args: []string{"--workers=2", "--worker-class=gevent"}, method: "GET",
			path: "/?for=0.02", share: 0.1, long: 12, must: diagnose.LongPoll},
		{name: "healthy, threads", server: "gunicorn 27", args: threads, method: "GET", path: "/?for=0.02", share: 0.8},
		{name: "healthy", server: "php-fpm", method: "GET", path: "/?for=0.02", share: 0.8},
		// A thread may be held for as long as --hang-after, which is 10 s, and no longer.
		{name: "long polls in threads", server: "gunicorn 27", args: []string{"--workers=2", "--threads=16"}, method: "GET",
			path: "/?for=0.02", share: 0.1, long: 12, beside: "/?for=8"},
		{name: "long polls in tasks", server: "uvicorn", args: []string{"--workers=2"}, method: "GET", path: "/?for=0.02",
			share: 0.1, long: 12, must: diagnose.Awaiting},
		{name: "web sockets", server: "uvicorn", args: []string{"--workers=2"}, method: "GET", path: "/?for=0.02",
			share: 0.1, long: 12, upgrade: true},
		{name: "server-sent events in threads", server: "gunicorn 27", args: []string{"--workers=2", "--threads=16"}, method: "GET",
			path: "/?for=0.02", share: 0.1, long: 12, beside: "/events?for=60"},
		{name: "server-sent events in tasks", server: "uvicorn", args: []string{"--workers=2"}, method: "GET",
			path: "/?for=0.02", share: 0.1, long: 12, beside: "/events?for=60"},
		{name: "reload every 5 s", server: "gunicorn 27", args: threads, method: "GET", path: "/?for=0.02", share: 0.1,
			every: func(s *server) { _ = syscall.Kill(s.pid, syscall.SIGHUP) }},
		{name: "pool of processes at rest", server: "gunicorn 27", args: threads, method: "GET", path: "/?for=0.02",
			share: 0.1, once: "/processes"},
		{name: "healthy", server: "reference", args: sync4, method: "POST", path: "/task",
			body: `{"work":"sleep","duration":"20ms"}`, share: 0.8, alone: true},
		{name: "no task at all", server: "Celery", args: []string{"--concurrency=4"}, idle: true},
	}
}

func TestControls(t *testing.T) { control(t, "controls", false) }

// TestIdle is of servers of which nothing is asked. They cost nothing to keep, and so are watched for longer.
func TestIdle(t *testing.T) { control(t, "idle", true) }

func control(t *testing.T, name string, idle bool) {
	if *binary == "" || *lasting == 0 {
		t.Fatal("want the flags -hangtime and -control, as make bench-diagnose-controls gives them")
	}
	which := regexp.MustCompile(*only)
	var all []*quiet
	for _, q := range quiets() {
		if q.idle == idle && which.MatchString(q.server+": "+q.name) {
			all = append(all, q)
		}
	}
	for _, alone := range []bool{false, true} {
		var hands sync.WaitGroup
		for _, q := range all {
			if q.alone == alone {
				hands.Go(func() { t.Run(q.server+": "+q.name, q.run) })
			}
		}
		hands.Wait()
	}
	text := controlTable(all)
	fmt.Println(text)
	write(t, name, text)
}

// span is how long it is watched: one that has the machine for itself half as long, so that all is done in the time
// that a person waits for it.
func (q *quiet) span() time.Duration {
	if q.alone {
		return *lasting / 2
	}
	return *lasting
}

func (q *quiet) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := start(ctx, t, q.server, q.args)
	w, stop := watchServer(ctx, t, s)
	if q.idle {
		time.Sleep(q.span())
		q.note(w, stop)
		return
	}
	for range 20 { // its listener is there before its workers are
		if a := w.ask(s, q.method, q.path, q.body, 20*time.Second); a.err != nil {
			t.Fatal(a.err)
		}
	}
	if q.quota > 0 {
		release, err := limit(s.pid, w, q.quota)
		if err != nil {
			q.problem = err.Error()
			stop()
			return
		}
		t.Cleanup(release)
	}
	q.capacity = q.measure(w, s)
	q.rate = q.capacity * q.share
	if q.once != "" {
		for range 20 { // each worker gets one
			w.ask(s, "GET", q.once, "", 20*time.Second)
		}
	}
	ctx, end := context.WithTimeout(ctx, q.span())
	defer end()
	q.load(ctx, w, s)
	q.note(w, stop)
}

// note ends the watch and keeps what it found.
func (q *quiet) note(w *watch, stop func()) {
	stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.spells {
		if one.found >= 0 { // one that is called slow or awaiting is no finding
			q.findings = append(q.findings, *one)
		}
	}
	q.minutes, q.labels, q.late = q.span().Minutes(), maps.Clone(w.labels), float64(w.late)/float64(max(w.ticks, 1))
}

// measure is how many requests a second are answered when 16 clients ask as fast as they are answered.
func (q *quiet) measure(w *watch, s *server) float64 {
	const span = 4 * time.Second
	var answered atomic.Int64
	var hands sync.WaitGroup
	until := time.Now().Add(span)
	for range 16 {
		hands.Go(func() {
			for time.Now().Before(until) {
				if a := w.ask(s, q.method, q.path, q.body, 10*time.Second); a.err == nil {
					answered.Add(1)
				}
			}
		})
	}
	hands.Wait()
	return float64(answered.Load()) / span.Seconds()
}

// load asks at the rate chosen, at random moments, whether or not answers come; of those that are asked at most 400 wait.
func (q *quiet) load(ctx context.Context, w *watch, s *server) {
	var hands sync.WaitGroup
	defer hands.Wait()
	for range q.long {
		hands.Go(func() {
			for ctx.Err() == nil {
				if q.upgrade {
					holdWebSocket(ctx, s)
					continue
				}
				w.ask(s, "GET", cmp.Or(q.beside, "/?for=20"), "", 90*time.Second)
			}
		})
	}
	if q.every != nil {
		hands.Go(func() {
			tick := time.NewTicker(5 * time.Second)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					q.every(s)
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(7, uint64(len(q.name))))
	slots := make(chan struct{}, 400)
	due := time.Now()
	for ctx.Err() == nil {
		due = due.Add(time.Duration(random.ExpFloat64() / q.rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		select {
		case slots <- struct{}{}:
		default:
			q.failed.Add(1)
			continue
		}
		hands.Go(func() {
			defer func() { <-slots }()
			q.asked.Add(1)
			if a := w.ask(s, q.method, q.path, q.body, 5*time.Second); a.err != nil {
				q.failed.Add(1)
			}
		})
	}
}

// holdWebSocket opens one, and says nothing on it until it is over or a minute has passed.
func holdWebSocket(ctx context.Context, s *server) {
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	_, err = c.Write([]byte("GET /ws HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))
	if err != nil {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
	}
}

// limit puts a server under a quota of processor time (cgroup v2, or v1 where that is mounted), a share of one
// processor in percent.
func limit(arbiter int, w *watch, percent int) (release func(), err error) {
	dir, files := "/sys/fs/cgroup/hangtime-bench-"+strconv.Itoa(os.Getpid()),
		map[string]string{"cpu.max": fmt.Sprintf("%d 100000", percent*1000)}
	if _, v1 := os.Stat("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"); v1 == nil {
		dir, files = strings.Replace(dir, "/cgroup/", "/cgroup/cpu/", 1),
			map[string]string{"cpu.cfs_quota_us": strconv.Itoa(percent * 1000)}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, fmt.Errorf("no quota can be set here: %w", err)
	}
	release = func() {
		for range 100 { // it can be removed when nothing is left in it
			inside, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
			for _, pid := range strings.Fields(string(inside)) {
				_ = os.WriteFile(filepath.Join(filepath.Dir(dir), "cgroup.procs"), []byte(pid), 0o644)
			}
			if os.Remove(dir) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	for name, text := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	for _, one := range w.probe.Workers() {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(one.PID)), 0o644))
	}
	if err = errors.Join(err, os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(arbiter)),
		0o644)); err != nil {
		release()
		return nil, fmt.Errorf("no quota can be set here: %w", err)
	}
	return release, nil
}

func controlTable(all []*quiet) string {
	var b strings.Builder
	b.WriteString("| server | control | minutes | capacity | offered | failed | false findings | called |\n|---|---|---|---|---|---|---|---|\n")
	for _, q := range all {
		if q.problem != "" {
			fmt.Fprintf(&b, "| %s | %s | - | - | - | - | - | %s |\n", q.server, q.name, q.problem)
			continue
		}
		var called []string
		for _, label := range slices.Sorted(maps.Keys(q.labels)) {
			called = append(called, string(label))
		}
		if q.must != "" && q.labels[q.must] == 0 {
			called = append(called, "but never "+string(q.must))
		}
		fmt.Fprintf(&b, "| %s | %s | %.1f | %.0f/s | %.0f/s | %d of %d | %d | %s |\n", q.server, q.name, q.minutes,
			q.capacity, q.rate, q.failed.Load(), q.asked.Load(), len(q.findings), strings.Join(called, ", "))
	}
	for _, q := range all {
		for _, s := range q.findings {
			said := s.words[len(s.words)-1]
			fmt.Fprintf(&b, "\n%s, %s: false: pid %d at %.3f s since %.3f s, %s (%s)", q.server, q.name, s.pid,
				s.found.Seconds(), said.since.Seconds(), said.cause, said.short)
		}
		if q.late > 0 {
			fmt.Fprintf(&b, "\n%s, %s: %.1f %% of hangtime's own ticks were over 100 ms late", q.server, q.name, 100*q.late)
		}
	}
	return b.String()
}
