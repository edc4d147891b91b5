//go:build realservers

package realservers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
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
	result, err := os.ReadFile(filepath.Join(out, "result.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var read struct {
		Variants []struct {
			Name    string
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
	if len(read.Variants) != 2 {
		t.Fatalf("%d variants\n%s", len(read.Variants), text)
	}
	for i, v := range read.Variants {
		n := map[string]float64{}
		for _, f := range v.Figures {
			if f.Known {
				n[f.Name] = f.Value
			}
		}
		accepted, done, lost := n["tasks_accepted"], n["tasks_done"], n["tasks_lost"]
		switch {
		case accepted == 0 || done == 0 || n["deaths"] == 0:
			t.Errorf("%s: %v accepted, %v done, %v deaths: nothing was tried\n%s", v.Name, accepted, done, n["deaths"], text)
		case done+lost != accepted:
			t.Errorf("%s: %v accepted, %v done, %v lost, %v stuck, %v failed in all\n%s", v.Name, accepted, done, lost, n["tasks_stuck"],
				n["tasks_failed"], text)
		case (lost > 0) != (i == 0):
			t.Errorf("%s: %v of %v lost\n%s", v.Name, lost, accepted, text)
		}
	}
}
