package python

import (
	"fmt"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// fetchFiles have the functions of redis and Flask through which a message is fetched, in files of the same places.
func fetchFiles() map[string]string {
	return map[string]string{
		"redis/__init__.py": "", "redis/commands/__init__.py": "", "flask/__init__.py": "",
		"redis/commands/core.py": `
import socket
class ListCommands:
    def blpop(self, name): return self.execute_command("BLPOP", name)
    def execute_command(self, *words):
        a, self.b = socket.socketpair()
        return a.recv(1)
`,
		"flask/app.py": `
def full_dispatch_request(view): return view()
`,
	}
}

const fetchProgram = `
import sys, threading
sys.path.insert(0, sys.argv[1])
from redis.commands.core import ListCommands
from flask.app import full_dispatch_request
def worker():
    while True: ListCommands().blpop("jobs")
def view(): return ListCommands().blpop("answer")
def request(): full_dispatch_request(view)
for f in worker, request: threading.Thread(target=f, name=f.__name__, daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
`

// The same function waits for the next job in a program's own loop, and for an answer where a framework called it.
func TestAnOwnLoopThatFetchesJobsIsIdle(t *testing.T) {
	folder := sitePackages(t, fetchFiles())
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, fetchProgram, folder)
			eventually(t, r, func(work []stacks.Work) string {
				worker, request := work1(work, "worker"), work1(work, "request")
				if !worker.Idle || request.ID == 0 || request.Idle {
					return fmt.Sprintf("worker at %s, idle %v; request at %s, idle %v; want it idle in its own loop alone",
						where(worker), worker.Idle, where(request), request.Idle)
				}
				return ""
			})
		})
	}
}
