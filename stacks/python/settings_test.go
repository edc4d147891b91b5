package python

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hangtime-dev/hangtime/stacks"
)

// celeryFiles keep tasks as celery.app.trace does: a setting is the application's, its class's or the task's own.
func celeryFiles() map[string]string {
	return map[string]string{
		"celery/__init__.py": "", "celery/app/__init__.py": "",
		"celery/app/trace.py": `
class Task:
    acks_late = None
    reject_on_worker_lost = None
class Early(Task): acks_late = False
class Late(Task): acks_late = True
class Safe(Late): reject_on_worker_lost = True
class Registry(dict): pass
def task(kind, **own):
    made = type("t", (kind,), own)()
    return made
_localized = [Registry({"celery.ping": task(Early), "shop.pay": task(Early), "shop.none": task(Task), "shop.late": task(Late),
    "shop.own": task(Late, acks_late=False), "shop.safe": task(Safe)}), "host"]
`,
	}
}

const celeryProgram = `
import sys, time
sys.path.insert(0, sys.argv[1])
import celery.app.trace
print("ready", flush=True)
time.sleep(3600)
`

func TestSettingsOfCeleryThatLoseTasks(t *testing.T) {
	folder := sitePackages(t, celeryFiles())
	var finder Finder
	want := []stacks.Setting{
		{System: "celery", Name: "acks_late", Tasks: []string{"shop.pay", "shop.none", "shop.own"}, Of: 3},
		{System: "celery", Name: "reject_on_worker_lost", Tasks: []string{"shop.late"}, Of: 1},
	}
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			r, _ := start(t, &finder, exe, celeryProgram, folder)
			if diff := cmp.Diff(want, r.Settings()); diff != "" {
				t.Error(diff)
			}
			other, _ := start(t, &finder, exe, "import time; print('ready', flush=True); time.sleep(3600)")
			if got := other.Settings(); len(got) != 0 {
				t.Errorf("%+v of a program that is no worker", got)
			}
		})
	}
}

const rqProgram = `
import sys, time
sys.path.insert(0, sys.argv[1])
from rq.job import Job
print("ready", flush=True)
Job(eval(sys.argv[2])).perform()
`

// A job that has used up its retries had some; one that was given none, or of which that is not known, is told apart.
func TestAJobWithoutARetryHasOneTry(t *testing.T) {
	folder := sitePackages(t, map[string]string{"rq/__init__.py": "", "rq/job.py": `
import time
class Job:
    def __init__(self, attributes): self.__dict__.update(attributes)
    def perform(self): execute(self)
def execute(job): time.sleep(3600)
`})
	var finder Finder
	exe := interpreters(t)[0]
	for attributes, once := range map[string]bool{`{"_func_name": "f", "_id": "i", "retries_left": None}`: true,
		`{"_func_name": "f", "_id": "i", "retries_left": 0}`: false, `{"_func_name": "f", "_id": "i"}`: false} {
		r, _ := start(t, &finder, exe, rqProgram, folder, attributes)
		eventually(t, r, func(work []stacks.Work) string {
			for _, w := range work {
				if w.Request == (stacks.Request{Path: "f", ID: "i", Once: once}) {
					return ""
				}
			}
			return attributes + " is not read as it is"
		})
	}
}
