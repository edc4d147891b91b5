//go:build realservers

package realservers

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A queueRun is an example whose load is tasks for the workers of a queue. Its processes are killed; without more than
// the defaults each takes its task with it, and with what the example sets beside none is lost.
type queueRun struct{ name, folder, scenario string }

func queueRuns() []queueRun {
	return []queueRun{
		{"Celery", "celery", "child-killed.yaml"},
		{"RQ", "rq", "work-horse-killed.yaml"},
	}
}

func TestTasksOfKilledProcesses(t *testing.T) {
	t.Parallel()
	for _, q := range queueRuns() {
		for _, w := range both {
			t.Run(q.name+"/"+w.name, func(t *testing.T) {
				t.Parallel()
				q.run(t, w)
			})
		}
	}
}

func (q queueRun) run(t *testing.T, w world) {
	s := newStage(t, w)
	s.redis()
	folder, out := filepath.Join("..", "examples", q.folder), filepath.Join(s.dir, "out")
	cmd := exec.CommandContext(t.Context(), binary, "run", "./"+q.scenario, "--quick", "--headless", "--out", out)
	cmd.Dir = folder
	cmd.Env = append(append(s.ownEnvironment(), s.env...), "PYTHONDONTWRITEBYTECODE=1",
		"HANGTIME_BROKER=redis://127.0.0.1:"+s.value("REDIS")+"/0", "PATH="+filepath.Dir(s.tool("python3"))+":"+os.Getenv("PATH"))
	text, _ := cmd.CombinedOutput() // a busy machine makes the outcome unknown; what became of the tasks is known all the same
	variants := figuresOf(t, out, string(text))
	if len(variants) != 2 {
		t.Fatalf("%d variants\n%s", len(variants), text)
	}
	for i, n := range variants {
		accepted, done, lost := n["tasks_accepted"], n["tasks_done"], n["tasks_lost"]
		switch {
		case accepted == 0 || done == 0 || n["deaths"] == 0:
			t.Errorf("variant %d: %v accepted, %v done, %v deaths: nothing was tried\n%s", i, accepted, done, n["deaths"], text)
		case done+lost != accepted:
			t.Errorf("variant %d: %v accepted, %v done, %v lost, %v stuck, %v failed in all\n%s", i, accepted, done, lost, n["tasks_stuck"],
				n["tasks_failed"], text)
		case (lost > 0) != (i == 0):
			t.Errorf("variant %d: %v of %v lost\n%s", i, lost, accepted, text)
		}
	}
}

// figuresOf are the known figures of each variant of a run.
func figuresOf(t *testing.T, out, said string) []map[string]float64 {
	t.Helper()
	result, err := os.ReadFile(filepath.Join(out, "result.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var read struct {
		Variants []struct {
			Figures []struct {
				Name  string
				Value float64
				Known bool
			}
		}
	}
	if err := json.Unmarshal(result, &read); err != nil {
		t.Fatal(err)
	}
	var all []map[string]float64
	for _, v := range read.Variants {
		n := map[string]float64{}
		for _, f := range v.Figures {
			if f.Known {
				n[f.Name] = f.Value
			}
		}
		all = append(all, n)
	}
	return all
}

// A killedWorker is one of two workers that run already; with its main process dies all that it has.
type killedWorker struct {
	name, system, task string
	start              func(s *stage, name string) *process
}

func killedWorkers() []killedWorker {
	return []killedWorker{
		{"Celery", "celery", "effects.send", func(s *stage, name string) *process {
			p := s.start(s.tool("python3"), "-m", "celery", "-A", "effects", "worker", "-c", "2", "-n", name+"@%h", "-l", "INFO")
			s.said(p, "ready.")
			return p
		}},
		{"RQ", "rq", "effects.deliver", func(s *stage, name string) *process {
			p := s.start(s.tool("rq"), "worker", "-n", name, "-u", "redis://127.0.0.1:"+s.value("REDIS"), "--path", s.dir)
			s.said(p, "Listening on default")
			return p
		}},
	}
}

// What is said of tasks is what their effects say: as many are done as left one, and all others are lost or stuck.
func TestTasksOfAKilledWorker(t *testing.T) {
	t.Parallel()
	for _, k := range killedWorkers() {
		for _, w := range both {
			t.Run(k.name+"/"+w.name, func(t *testing.T) {
				t.Parallel()
				k.run(t, w)
			})
		}
	}
}

func (k killedWorker) run(t *testing.T, w world) {
	s := newStage(t, w)
	s.redis()
	s.app("python/effects.py")
	first := k.start(s, "first")
	k.start(s, "second")
	scenario := s.file("killed.yaml", fmt.Sprintf(`name: killed
server: {kind: attach, pid: %d, queue: {system: %s}}
load: {rate: %d/s, targets: [{method: POST, path: /task/%s, body: '{"args": [{{counter}}]}', template: true, expect: [202]}]}
phases: {before: 2s, during: 3s, after: 1s}
faults: [{kind: signal, signal: SIGKILL, worker: arbiter, at: 1s}]
variants: [{name: it, expect: any}]
`, first.pid, k.system, map[string]int{"celery": 20, "rq": 2}[k.system], k.task))
	out := filepath.Join(s.dir, "out")
	cmd := exec.CommandContext(t.Context(), binary, "run", scenario, "--allow-faults", "--headless", "--out", out)
	cmd.Env = append(append(s.ownEnvironment(), s.env...), "HANGTIME_BROKER=redis://127.0.0.1:"+s.value("REDIS")+"/0")
	text, _ := cmd.CombinedOutput()
	n := figuresOf(t, out, string(text))[0]
	book, err := os.ReadFile(filepath.Join(s.dir, "effects"))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	effects := map[string]bool{}
	for number := range strings.FieldsSeq(string(book)) {
		effects[number] = true
	}
	accepted, done, lost, stuck := n["tasks_accepted"], n["tasks_done"], n["tasks_lost"], n["tasks_stuck"]
	// Of a task that was killed behind its effect and before its result, the store knows no end.
	left := float64(len(effects))
	if done == 0 || left < done || left > done+lost+stuck || done+lost+stuck != accepted {
		t.Errorf("%v accepted, %v done, %v lost, %v stuck; %v left their effect\n%s", accepted, done, lost, stuck, left, text)
	}
	if k.system == "celery" && lost+stuck == 0 {
		t.Errorf("none of %v tasks was lost or stuck with its worker\n%s", accepted, text)
	}
}
