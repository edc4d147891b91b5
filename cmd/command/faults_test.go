package command

import (
	"bufio"
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	crashes    = flag.Int("crashes", 2, "how often TestCrashesDuringFaultsLeaveNothing kills hangtime; `make prove-faults` does it 300 times")
	crashTable = flag.String("crash-table", "", "file that gets the table of TestCrashesDuringFaultsLeaveNothing")
)

// A breakage is a fault that stays until it is mended, with what the server needs to feel it.
type breakage struct{ server, fault string }

func breaking() []breakage {
	return []breakage{
		{"", "{kind: stop, worker: all}"},
		{"", "{kind: stop, worker: server}"},
		{"", "{kind: freeze, worker: server}"},
		{"", "{kind: freeze, worker: all}"},
		{"", "{kind: cpu-quota, worker: server, cpus: 0.05}"},
		{"", "{kind: memory-limit, worker: server, mib: 64}"},
		{"", "{kind: fd-limit, worker: all}"},
		{"", "{kind: renice, worker: all}"},
		{"logging: shared-lock", "{kind: hold-lock, path: async_tasks.log, lock: flock}"},
		{"logging: shared-lock", "{kind: hold-lock, path: async_tasks.log, lock: fcntl}"},
		{"logging: shared-lock", "{kind: hold-lock, path: async_tasks.log, lock: inherited}"},
		{"logging: stdout", "{kind: stall-pipe-reader}"},
		{"logging: shared", "{kind: fill-disk, mib: 1}"},
		{"logging: shared", "{kind: slow-disk, delay: 2s}"},
		{"logging: shared", "{kind: freeze-disk}"},
		{"io: blocking", "{kind: network, network: blackhole}"},
		{"", "{kind: slow-client, connections: 8, delay: 200ms}"},
		{"", "{kind: connection-flood, connections: 64}"},
		{"", "{kind: kill, worker: random, every: 100ms}"},
	}
}

// A crash is one kill -9 of hangtime while a fault was about to be, or was, in effect.
type crash struct {
	fault   string
	after   time.Duration // after the fault was due
	refused bool          // this machine cannot do it: there was nothing to crash
	took    time.Duration // until nothing was left
	left    []string
}

// After kill -9 of hangtime during any fault nothing stays broken: no stopped or frozen process, no lock, mount,
// control group, loop device, proxy or file.
func TestCrashesDuringFaultsLeaveNothing(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	all := breaking()
	random := rand.New(rand.NewPCG(seed, 0))
	var found []crash
	// A fault that this machine refuses is no crash: it is drawn no more, and another takes its place.
	for struck := 0; struck < *crashes && len(all) > 0; {
		first := random.IntN(len(all))
		round := make([]crash, *crashes-struck)
		turns := make(chan struct{}, 2) // two cores
		var hands sync.WaitGroup
		for i := range round {
			one, moment := all[(first+i)%len(all)], time.Duration(random.Int64N(int64(700*time.Millisecond)))
			turns <- struct{}{}
			hands.Go(func() {
				defer func() { <-turns }()
				round[i] = crashDuring(t, one.server, one.fault, moment)
			})
		}
		hands.Wait()
		for _, c := range round {
			if !c.refused {
				struck++
				continue
			}
			all = slices.DeleteFunc(all, func(one breakage) bool { return one.fault == c.fault })
		}
		found = append(found, round...)
	}
	if len(all) == 0 {
		t.Error("no fault was struck: this machine refused all")
	}
	for limit := time.Now().Add(10 * time.Second); len(faultGroups()) > 0 && time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
	}
	if left := faultGroups(); len(left) > 0 {
		t.Errorf("control groups left: %v", left)
	}
	for _, c := range found {
		if len(c.left) > 0 {
			t.Errorf("%s, killed %v after it was due: left after %v: %v", c.fault, c.after, c.took, c.left)
		}
	}
	table := crashesTable(found)
	t.Log("\n" + table)
	if *crashTable != "" {
		kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
		page := fmt.Sprintf("# Crashes during faults\n\n`make prove-faults`, %s: %d times `kill -9` of hangtime up to 0.7 s after a fault was due, on %d cores, Linux %s. "+
			"Looked for afterwards: processes of the run, files, mounts, loop devices, control groups, journals.\n\n%s",
			time.Now().UTC().Format("2006-01-02"), len(found), runtime.NumCPU(), strings.TrimSpace(string(kernel)), table)
		if err := os.WriteFile(*crashTable, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func crashDuring(t *testing.T, server, fault string, moment time.Duration) crash {
	c := crash{fault: fault, after: moment.Round(time.Millisecond)}
	mark := fmt.Sprintf("HANGTIME_TEST_MARK=%d-%d", os.Getpid(), rand.Uint64())
	dir := t.TempDir()
	tmp, state, file := filepath.Join(dir, "tmp"), filepath.Join(dir, "state"), filepath.Join(dir, "crash.yaml")
	text := fmt.Sprintf(`name: crash
server: {workers: 2, timeout: 30s, %s}
load: {rate: 20/s, timeout: 5s, targets: [{method: POST, path: /task, body: '{"work":"socket","duration":"5ms"}', expect: [202]}]}
phases: {before: 100ms, during: 20s, after: 0s}
faults: [%s]
variants: [{name: one, expect: any}]
`, server, fault)
	if err := errorsOf(os.Mkdir(tmp, 0o700), os.Mkdir(state, 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
		t.Error(err)
		return c
	}
	cmd := exec.Command(binary, "run", file, "--headless")
	cmd.Env = append(os.Environ(), mark, "TMPDIR="+tmp, "XDG_STATE_HOME="+state)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Error(err)
		return c
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return c
	}
	due := false
	for lines := bufio.NewScanner(out); !due && lines.Scan(); {
		due = strings.Contains(lines.Text(), "the fault is due")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // until the end of hangtime
	if !due {
		_ = cmd.Wait()
		if c.refused = strings.Contains(said.String(), "needs "); !c.refused {
			t.Errorf("%s: hangtime ended before the fault was due: %s", fault, said.String())
		}
		return c
	}
	time.Sleep(moment) // not waiting for anything: this is the random moment
	_ = cmd.Process.Kill()
	began := time.Now()
	const limit = 4 * time.Second
	for c.left = leftBehind(t, mark, dir); len(c.left) > 0 && time.Since(began) < limit; c.left = leftBehind(t, mark, dir) {
		time.Sleep(10 * time.Millisecond)
	}
	c.took = time.Since(began)
	_ = cmd.Wait()
	for pid := range marked(t, mark) {
		_ = killPID(pid)
	}
	return c
}

func errorsOf(all ...error) error { return cmp.Or(all...) }

// leftBehind is what a dead hangtime has left behind.
func leftBehind(t *testing.T, mark, dir string) []string {
	var left []string
	for pid, line := range marked(t, mark) {
		left = append(left, fmt.Sprintf("pid %d: %s", pid, line))
	}
	for _, sub := range []string{"tmp", "state"} {
		for _, file := range files(t, filepath.Join(dir, sub)) {
			if filepath.Base(file) != "hangtime" { // the folder of journals
				left = append(left, file)
			}
		}
	}
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, dir) {
			left = append(left, "mount "+line)
		}
	}
	loops, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	for _, loop := range loops {
		if text, _ := os.ReadFile(loop); strings.Contains(string(text), dir) {
			left = append(left, loop)
		}
	}
	return left
}

// faultGroups are the control groups of faults, of every run on this machine.
func faultGroups() []string {
	var all []string
	for _, pattern := range []string{"/sys/fs/cgroup/hangtime-fault-*", "/sys/fs/cgroup/*/hangtime-fault-*",
		"/sys/fs/cgroup/*/*/hangtime-fault-*"} {
		some, _ := filepath.Glob(pattern)
		all = append(all, some...)
	}
	return all
}

func crashesTable(all []crash) string {
	type row struct {
		crashes, left int
		took          []time.Duration
		refused       bool
	}
	rows := map[string]*row{}
	var order []string
	for _, c := range all {
		if rows[c.fault] == nil {
			rows[c.fault] = &row{}
			order = append(order, c.fault)
		}
		r := rows[c.fault]
		r.crashes++
		r.refused = r.refused || c.refused
		if len(c.left) > 0 {
			r.left++
		}
		r.took = append(r.took, c.took)
	}
	slices.Sort(order)
	var b strings.Builder
	fmt.Fprintf(&b, "| fault | crashes | something left | all mended after, median | at most |\n| --- | --- | --- | --- | --- |\n")
	for _, name := range order {
		r := rows[name]
		if r.refused {
			fmt.Fprintf(&b, "| `%s` | refused on this machine | - | - | - |\n", name)
			continue
		}
		slices.Sort(r.took)
		fmt.Fprintf(&b, "| `%s` | %d | %d | %v | %v |\n", name, r.crashes, r.left,
			r.took[len(r.took)/2].Round(time.Millisecond), r.took[len(r.took)-1].Round(time.Millisecond))
	}
	return b.String()
}
