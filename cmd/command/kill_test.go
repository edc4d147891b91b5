package command

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

var kills = flag.Int("kills", 2, "how often TestKillLeavesNothing kills hangtime; `make prove-kill` does it 20 times")

// After kill -9 of hangtime at a random moment nothing of it is left within 2 s: no arbiter, worker, lock holder or
// guardian, no file.
func TestKillLeavesNothing(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	for i := range *kills {
		mark := fmt.Sprintf("HANGTIME_TEST_MARK=%d-%d-%d", os.Getpid(), i, seed)
		tmp, state := t.TempDir(), t.TempDir()
		cmd := exec.Command(binary, "run", "log-contention", "--quick", "--headless")
		cmd.Env = append(os.Environ(), mark, "TMPDIR="+tmp, "XDG_STATE_HOME="+state)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		moment := time.Duration(random.Int64N(int64(15 * time.Second)))
		time.Sleep(moment) // not waiting for anything: this is the random moment
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		began := time.Now()
		for ; time.Since(began) < 2*time.Second && (len(marked(t, mark)) > 0 ||
			len(files(t, tmp)) > 0); time.Sleep(10 * time.Millisecond) {
		}
		took := time.Since(began)
		if left := marked(t, mark); len(left) > 0 {
			t.Errorf("killed after %v: 2 s later still there: %v", moment, left)
			for pid := range left {
				_ = killPID(pid)
			}
		}
		if left := files(t, tmp); len(left) > 0 {
			t.Errorf("killed after %v: 2 s later still there: %v", moment, left)
		}
		t.Logf("kill %d after %v: nothing left after %v", i+1, moment.Round(time.Millisecond), took.Round(time.Millisecond))
	}
}

// marked are the processes that have the mark in their environment, with their command lines.
func marked(t *testing.T, mark string) map[int]string {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]string{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// A process may end between two reads: then it is not left.
		env, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err != nil || !bytes.Contains(env, []byte(mark)) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		found[pid] = string(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
	}
	return found
}

func killPID(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir && err == nil {
			all = append(all, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
