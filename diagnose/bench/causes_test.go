//go:build bench

package bench

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/diagnose"
)

// A truth is one hang that the bench made: in which worker, and when it began.
type truth struct {
	pid      int
	earliest time.Duration // 0: from is exact; else it may have begun at any moment from this to from
	from     time.Duration
	until    time.Duration // 0: for as long as the hangs of the cause are kept up
	behind   time.Duration // when all workers were held, so that others waited behind this one; 0: at once
}

// missedBy is what was made, and all that was said of its worker from two seconds before it on.
func (one truth) missedBy(found []spell) string {
	text := fmt.Sprintf("pid %d, held from %.3f s (or from %.3f) to %.3f s", one.pid, one.from.Seconds(),
		one.earliest.Seconds(), one.until.Seconds())
	for _, s := range found {
		if s.pid != one.pid || s.end >= 0 && s.end < one.from-2*time.Second || s.suspect > one.until+2*time.Second {
			continue
		}
		text += fmt.Sprintf("; suspect %.3f, slow %.3f, hung %.3f, end %.3f s", s.suspect.Seconds(), s.slow.Seconds(),
			s.found.Seconds(), s.end.Seconds())
		for _, said := range s.words {
			text += fmt.Sprintf(", at %.3f since %.3f: %s", said.at.Seconds(), said.since.Seconds(), said.short)
		}
	}
	return text
}

// began is the moment from which times are counted: of those possible the one that the finding says, or the nearest to it.
func (one truth) began(said time.Duration) time.Duration {
	if one.earliest == 0 {
		return one.from
	}
	return min(max(said, one.earliest), one.from)
}

// A lane is one server under a little load, and who watches it.
type lane struct {
	*watch
	t      *testing.T
	server *server
	hold   time.Duration // how long each hang is kept up
	random *rand.Rand    // of the goroutine that makes the rounds
	files  atomic.Int64  // made so far
}

// A cause is a row of the table: how to make it, and what it must be called.
type cause struct {
	name   string
	server string
	args   []string
	want   string
	line   string // of the application, which is to be named: its text after "# here: "; empty: it has none
	slow   bool   // nobody waits behind it: it is to be called slow or awaiting, and not hung
	hold   time.Duration
	rest   time.Duration // after each round, until the next
	load   float64       // requests a second beside the hangs
	path   string        // of that load; empty: the root
	work   string        // of that load's tasks; empty: sleep
	pool   bool          // it is certain after 5 s only
	held   int           // of so many workers all are held, and only then others wait; 0: they do at once
	round  func(ctx context.Context, l *lane) []truth
}

const (
	loopHold = 1800 * time.Millisecond // longer than the second after which a loop's standstill is certain
	poolHold = 6500 * time.Millisecond // longer than the five seconds of a pool
)

func causes() []cause {
	return slices.Concat(syncCauses(), referenceCauses(), threadCauses(), taskCauses())
}

// syncCauses are those of gunicorn's plain workers. Where all four are held, the other requests wait behind them.
func syncCauses() []cause {
	one := []string{"--workers=1"}
	all := []cause{
		{name: "blocking sleep", want: diagnose.CauseSleeping, line: "sleep", round: poison("/sleep?for=%s", 4)},
		// One worker: four would take both processors from all that is measured beside.
		{name: "computation", args: one, want: diagnose.CauseCPU, line: "cpu", round: poison("/cpu?for=%s", 1)},
		{name: "flock", want: diagnose.CauseFileLock, line: "flock", round: locked("flock", 4)},
		{name: "fcntl lock", want: diagnose.CauseFileLock, line: "posix", round: locked("posix", 4)},
		{name: "OFD lock", want: diagnose.CauseFileLock, line: "ofd", round: locked("ofd", 4)},
		{name: "full pipe", want: diagnose.CausePipe, line: "pipe", round: fifo},
		{name: "lock of a dead end", want: diagnose.CauseMutex, line: "mutex", round: poison("/mutex?for=%s", 4)},
		{name: "silent TCP server", want: diagnose.CauseSocket, line: "recv", round: upstream("tcp", "recv", 4)},
		{name: "silent UDP server", want: diagnose.CauseSocket, line: "udp", round: upstream("udp", "udp", 4)},
		{name: "connect without an answer", want: diagnose.CauseSocket, line: "connect", rest: 2 * time.Second,
			round: unaccepted},
		{name: "blocking sleep, one worker free", want: diagnose.CauseSleeping, line: "sleep", slow: true,
			round: poison("/sleep?for=%s", 3)},
		{name: "flock, one worker free", want: diagnose.CauseFileLock, line: "flock", slow: true,
			round: locked("flock", 3)},
		{name: "silent TCP server, one worker free", want: diagnose.CauseSocket, line: "recv", slow: true,
			round: upstream("tcp", "recv", 3)},
		{name: "SIGSTOP", want: diagnose.CauseStopped, hold: 500 * time.Millisecond, round: stops},
		{name: "SIGKILL", want: diagnose.CauseKilled, hold: 500 * time.Millisecond, rest: time.Second, round: kills},
		{name: "half a request", args: one, want: diagnose.CauseClient, round: halfRequest},
	}
	for i := range all {
		c := &all[i]
		c.server, c.hold = "gunicorn", cmp.Or(c.hold, loopHold)
		if c.args == nil {
			c.args = []string{"--workers=4"}
			if !c.slow && c.want != diagnose.CauseStopped && c.want != diagnose.CauseKilled {
				c.held = 4
			}
		}
	}
	return all
}

func referenceCauses() []cause {
	loop := func(more ...string) []string {
		return append([]string{"--workers=4", "--io=blocking", "--heartbeat-from=loop"}, more...)
	}
	sync4 := []string{"--workers=4"}
	all := []cause{
		{name: "blocking sleep on the loop", args: loop(), want: diagnose.CauseSleeping, round: tasks("sleep")},
		{name: "computation on the loop", args: loop(), want: diagnose.CauseCPU, round: task("cpu")},
		{name: "silent TCP server, on the loop", args: loop(), want: diagnose.CauseSocket, round: tasks("socket")},
		{name: "silent name server, on the loop", args: loop(), want: diagnose.CauseSocket, round: tasks("dns")},
		{name: "flock on the shared log", args: []string{"--workers=4", "--logging=shared-lock"},
			want: diagnose.CauseFileLock, load: 60, round: sharedLog},
		{name: "SIGSTOP", args: sync4, want: diagnose.CauseStopped, hold: 500 * time.Millisecond, round: stops},
		{name: "SIGKILL", args: sync4, want: diagnose.CauseKilled, hold: 500 * time.Millisecond, rest: time.Second,
			round: kills},
		{name: "executor used up", args: []string{"--workers=3", "--executor-threads=4"}, want: diagnose.CausePool,
			hold: poolHold, pool: true, work: "socket", round: poolTasks(24)},
		{name: "loop that nothing runs", args: []string{"--workers=4", "--recovery=none", "--state=unaware"},
			want: diagnose.CauseDeadLoop, hold: 8 * time.Second, pool: true, rest: time.Second, load: 60, round: deadLoops},
	}
	for i := range all {
		c := &all[i]
		c.server, c.path, c.hold = "reference", "/task", cmp.Or(c.hold, loopHold)
	}
	return all
}

// threadCauses are waits of Python's own threads, in gunicorn's threaded workers: all threads of a worker at once while
// others wait, and one beside free ones.
func threadCauses() []cause {
	all := []cause{{name: "pool of threads used up", server: "gunicorn", args: []string{"--workers=3", "--threads=4"},
		want: diagnose.CausePool, line: "sleep", hold: poolHold, pool: true, load: 40,
		round: poolRound("/sleep?for=%s", 15)}}
	two := []string{"--workers=2", "--threads=4"}
	for name, line := range map[string]string{"threading.Lock": "lock", "threading.RLock": "rlock",
		"Semaphore": "semaphore", "Condition": "condition", "Queue.get": "jobs", "Event": "event",
		"Future.result": "future", "connection pool (SQLAlchemy)": "database"} {
		all = append(all, cause{name: name + ", all threads", server: "gunicorn 27", args: two, want: diagnose.CausePool,
			line: line, hold: poolHold, pool: true, load: 20, round: poolRound("/"+line+"?for=%s", 10)},
			cause{name: name + ", one thread", server: "gunicorn 27", args: two, want: one(line), line: line, slow: true, hold: loopHold, round: poison("/"+line+"?for=%s", 1)})
	}
	slices.SortFunc(all, func(a, b cause) int { return cmp.Compare(a.server+a.name, b.server+b.name) })
	return append(all, cause{name: "silent TCP server, one thread", server: "gunicorn 27", args: two,
		want: diagnose.CauseSocket, line: "recv", slow: true, hold: loopHold, round: upstream("tcp", "recv", 1)})
}

// one is what a single thread's wait is called.
func one(line string) string {
	switch line {
	case "database":
		return diagnose.CausePool // its connections are taken
	case "condition", "jobs", "event", "future":
		return diagnose.CauseEvent // what another thread is to say, and not what it has
	}
	return diagnose.CauseMutex
}

// taskCauses are tasks of asyncio that wait, and loops that one task stops, in uvicorn.
func taskCauses() []cause {
	one := []string{"--workers=1"}
	all := []cause{
		{name: "loop: blocking sleep", want: diagnose.CauseSleeping, line: "blocks", round: poison("/blocks?for=%s", 1)},
		{name: "loop: computation", want: diagnose.CauseCPU, line: "computes", round: poison("/computes?for=%s", 1)},
		{name: "task: stream", line: "a_read", slow: true, round: upstream("tcp", "a_read", 1)},
	}
	for name, line := range map[string]string{"asyncio.Lock": "a_lock", "Event": "a_event", "Queue": "a_queue",
		"Future": "a_future", "to_thread": "a_thread"} {
		all = append(all, cause{name: "task: " + name, line: line, slow: true, round: poison("/"+line+"?for=%s", 1)})
	}
	for i := range all {
		c := &all[i]
		c.server, c.args, c.hold = "uvicorn", one, loopHold
	}
	slices.SortFunc(all, func(a, b cause) int { return cmp.Compare(a.name, b.name) })
	return all
}

// pause is a random moment between two hangs of a round, so that none falls on a tick of the probe by plan.
func (l *lane) pause() { time.Sleep(time.Duration(20+l.random.IntN(180)) * time.Millisecond) }

// stuck sends one request that hangs a worker and says when and in which, by the application's own word; where it
// never answers, by the probe's.
func (l *lane) stuck(path string) (truth, bool) {
	a := l.ask(l.server, "GET", path, "", l.hold+20*time.Second)
	return truth{pid: a.pid, from: a.began}, a.err == nil && a.pid > 0 && l.rec.Now()-a.began > l.hold*9/10
}

// each makes n hangs beside each other, a moment apart.
func (l *lane) each(n int, make func(i int) (truth, bool)) []truth {
	var all []truth
	var mu sync.Mutex
	var hands sync.WaitGroup
	for i := range n {
		l.pause()
		hands.Go(func() {
			if one, ok := make(i); ok {
				mu.Lock()
				all = append(all, one)
				mu.Unlock()
			}
		})
	}
	hands.Wait()
	return all
}

// file names a file that is not there yet.
func (l *lane) file(kind string) string {
	return filepath.Join(l.server.dir, fmt.Sprintf("%s-%d", kind, l.files.Add(1)))
}

func poison(path string, n int) func(context.Context, *lane) []truth {
	return func(_ context.Context, l *lane) []truth {
		return l.each(n, func(int) (truth, bool) { return l.stuck(fmt.Sprintf(path, seconds(l.hold))) })
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// lock takes a lock of a kind on a file as another process would, and returns who lets go.
func lock(kind, path string) (release func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	whole := &unix.Flock_t{Type: unix.F_WRLCK}
	switch kind {
	case "flock":
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	case "posix":
		err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, whole)
	case "ofd":
		err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, whole)
	}
	return f.Close, err
}

func locked(kind string, n int) func(context.Context, *lane) []truth {
	return func(_ context.Context, l *lane) []truth {
		return l.each(n, func(int) (truth, bool) {
			path := l.file(kind)
			release, err := lock(kind, path)
			if err != nil {
				l.t.Errorf("lock %s: %v", path, err)
				return truth{}, false
			}
			time.AfterFunc(l.hold+50*time.Millisecond, func() { _ = release() })
			return l.stuck("/" + kind + "?path=" + path)
		})
	}
}

func fifo(_ context.Context, l *lane) []truth {
	return l.each(4, func(int) (truth, bool) {
		path := l.file("fifo")
		if err := unix.Mkfifo(path, 0o600); err != nil {
			l.t.Error(err)
			return truth{}, false
		}
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			l.t.Error(err)
			return truth{}, false
		}
		time.AfterFunc(l.hold+50*time.Millisecond, func() {
			buf := make([]byte, 64<<10)
			for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
				if n, err := unix.Read(fd, buf); n == 0 && err == nil {
					break
				}
			}
			_ = unix.Close(fd)
		})
		return l.stuck("/pipe?path=" + path)
	})
}

// upstream is a server that takes what the worker asks and answers only after the hold.
func upstream(network, path string, n int) func(context.Context, *lane) []truth {
	return func(_ context.Context, l *lane) []truth {
		return l.each(n, func(int) (truth, bool) {
			if network == "udp" {
				c, err := net.ListenPacket("udp", "127.0.0.1:0")
				if err != nil {
					l.t.Error(err)
					return truth{}, false
				}
				go func() {
					defer func() { _ = c.Close() }()
					buf := make([]byte, 16)
					if _, from, err := c.ReadFrom(buf); err == nil {
						time.Sleep(l.hold)
						_, _ = c.WriteTo(buf[:1], from)
					}
				}()
				return l.stuck(fmt.Sprintf("/%s?port=%d", path, c.LocalAddr().(*net.UDPAddr).Port))
			}
			s, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				l.t.Error(err)
				return truth{}, false
			}
			go func() {
				defer func() { _ = s.Close() }()
				if c, err := s.Accept(); err == nil {
					time.Sleep(l.hold)
					_, _ = c.Write([]byte("!"))
					_ = c.Close()
				}
			}()
			return l.stuck(fmt.Sprintf("/%s?port=%d", path, s.Addr().(*net.TCPAddr).Port))
		})
	}
}

// unaccepted is a listener whose backlog is full: the kernel's SYN is not answered.
func unaccepted(_ context.Context, l *lane) []truth {
	return l.each(4, func(int) (truth, bool) {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			l.t.Error(err)
			return truth{}, false
		}
		if err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err == nil {
			err = unix.Listen(fd, 0)
		}
		at, _ := unix.Getsockname(fd)
		here, ok := at.(*unix.SockaddrInet4)
		if err != nil || !ok {
			l.t.Error(err)
			return truth{}, false
		}
		address := fmt.Sprintf("127.0.0.1:%d", here.Port)
		first, err := net.DialTimeout("tcp", address, time.Second) // takes the one place that there is
		if err != nil {
			l.t.Error(err)
			return truth{}, false
		}
		time.AfterFunc(l.hold, func() { _, _ = first.Close(), unix.Close(fd) }) // the next SYN is refused
		return l.stuck(fmt.Sprintf("/connect?port=%d", here.Port))
	})
}

// victims are up to n workers, chosen at random.
func (l *lane) victims(n int) []int {
	var pids []int
	for _, w := range l.probe.Workers() {
		pids = append(pids, w.PID)
	}
	l.random.Shuffle(len(pids), func(i, j int) { pids[i], pids[j] = pids[j], pids[i] })
	return pids[:min(n, len(pids))]
}

func stops(_ context.Context, l *lane) []truth {
	pids := l.victims(3)
	return l.each(len(pids), func(i int) (truth, bool) {
		from := l.rec.Now()
		err := syscall.Kill(pids[i], syscall.SIGSTOP)
		time.Sleep(l.hold)
		return truth{pid: pids[i], from: from}, err == nil && syscall.Kill(pids[i], syscall.SIGCONT) == nil
	})
}

func kills(_ context.Context, l *lane) []truth {
	pids := l.victims(2)
	return l.each(len(pids), func(i int) (truth, bool) {
		from := l.rec.Now()
		err := syscall.Kill(pids[i], syscall.SIGKILL)
		time.Sleep(l.hold)
		return truth{pid: pids[i], from: from}, err == nil
	})
}

// halfRequest is a client that keeps the only worker waiting while others wait behind it.
func halfRequest(_ context.Context, l *lane) []truth {
	l.pause()
	c, err := net.Dial("tcp", l.server.address)
	if err != nil {
		l.t.Error(err)
		return nil
	}
	defer func() { _ = c.Close() }()
	from := l.rec.Now()
	if _, err := c.Write([]byte("POST /task HTTP/1.1\r\nHost: bench\r\nContent-Le")); err != nil {
		l.t.Error(err)
		return nil
	}
	time.Sleep(l.hold)
	for _, pid := range l.victims(1) {
		return []truth{{pid: pid, from: from}}
	}
	return nil
}

// task asks one worker's loop for blocking work; it says itself which worker took it.
func task(work string) func(context.Context, *lane) []truth {
	return func(_ context.Context, l *lane) []truth { return l.loops(work, 1) }
}

// tasks asks several; two may come to the same worker, so only the first counts.
func tasks(work string) func(context.Context, *lane) []truth {
	return func(_ context.Context, l *lane) []truth { return l.loops(work, 3) }
}

func (l *lane) loops(work string, n int) []truth {
	all := l.each(n, func(int) (truth, bool) {
		a := l.ask(l.server, "POST", "/task", fmt.Sprintf(`{"work":%q,"duration":"%dms"}`, work, l.hold.Milliseconds()),
			10*time.Second)
		return truth{pid: a.pid, from: a.sent}, a.err == nil && a.pid > 0
	})
	time.Sleep(l.hold)
	seen := map[int]bool{}
	slices.SortFunc(all, func(a, b truth) int { return int(a.from - b.from) })
	all = slices.DeleteFunc(all, func(one truth) bool {
		again := seen[one.pid]
		seen[one.pid] = true
		return again
	})
	if len(all) < n {
		time.Sleep(time.Duration(n-1) * l.hold) // one after the other in the same worker
	}
	return all
}

// sharedLog holds the lock that all workers of the reference server take for each line.
func sharedLog(_ context.Context, l *lane) []truth {
	l.pause()
	release, err := lock("flock", filepath.Join(l.server.dir, "async_tasks.log"))
	if err != nil {
		l.t.Error(err)
		return nil
	}
	from := l.rec.Now()
	first := map[int]time.Duration{}
	var mu sync.Mutex
	var hands sync.WaitGroup
	for l.rec.Now()-from < l.hold {
		hands.Go(func() {
			a := l.ask(l.server, "POST", "/task", `{"work":"sleep","duration":"5ms"}`, 20*time.Second)
			mu.Lock()
			defer mu.Unlock()
			if was, known := first[a.pid]; a.err == nil && a.pid > 0 && l.rec.Now()-a.sent > l.hold/2 &&
				(!known || a.sent < was) {
				first[a.pid] = a.sent
			}
		})
		time.Sleep(15 * time.Millisecond)
	}
	_ = release()
	hands.Wait()
	var all []truth
	for pid, at := range first {
		if at-from < l.hold/3 {
			// A line of an earlier task may have been the first that waited.
			all = append(all, truth{pid: pid, earliest: from, from: at})
		}
	}
	return all
}

// poolRound fills every thread of every worker; a worker's hang begins with the last of its threads.
func poolRound(path string, n int) func(context.Context, *lane) []truth {
	return func(_ context.Context, l *lane) []truth {
		var mu sync.Mutex
		began := map[int][]time.Duration{}
		var hands sync.WaitGroup
		for range n {
			hands.Go(func() {
				// What comes too late, behind the others, does not begin it again.
				until := seconds(monotonic() + l.hold*9/10)
				a := l.ask(l.server, "GET", fmt.Sprintf(path, seconds(l.hold))+"&until="+until, "", 60*time.Second)
				mu.Lock()
				defer mu.Unlock()
				if a.err == nil && a.pid > 0 {
					began[a.pid] = append(began[a.pid], a.began)
				}
			})
		}
		hands.Wait()
		var all []truth
		for pid, times := range began {
			slices.Sort(times)
			if len(times) >= 4 && times[3]-times[0] < l.hold/3 { // all at one time
				all = append(all, truth{pid: pid, from: times[3]})
			}
		}
		return all
	}
}

// poolTasks does the same with tasks on the reference server's executor.
func poolTasks(n int) func(context.Context, *lane) []truth {
	return func(_ context.Context, l *lane) []truth {
		took := map[int][]time.Duration{}
		for range n {
			a := l.ask(l.server, "POST", "/task",
				fmt.Sprintf(`{"work":"socket","duration":"%dms"}`, l.hold.Milliseconds()), 10*time.Second)
			if a.err == nil && a.pid > 0 {
				took[a.pid] = append(took[a.pid], a.sent)
			}
		}
		most := 0
		for _, times := range took {
			most = max(most, len(times))
		}
		time.Sleep(l.hold * time.Duration((most+3)/4))
		var all []truth
		for pid, times := range took {
			if len(times) >= 4 {
				all = append(all, truth{pid: pid, from: times[3], until: times[3] + l.hold*time.Duration((len(times)+3)/4)})
			}
		}
		return all
	}
}

// deadLoops stops every loop, and kills the workers when it is over: their loops never come back.
func deadLoops(_ context.Context, l *lane) []truth {
	stopped := map[int]time.Duration{}
	for range 40 {
		if len(stopped) == len(l.probe.Workers()) {
			break
		}
		if a := l.ask(l.server, "POST", "/task", `{"work":"stop"}`, 5*time.Second); a.err == nil && a.pid > 0 {
			if _, known := stopped[a.pid]; !known {
				stopped[a.pid] = a.sent
			}
		}
		l.pause()
	}
	time.Sleep(l.hold)
	var all []truth
	for pid, at := range stopped {
		all = append(all, truth{pid: pid, from: at})
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return all
}
