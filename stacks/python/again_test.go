package python

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// againProgram compiles a library's function again under its own name, as Sanic does.
const againProgram = `
import inspect, sys, threading
sys.path.insert(0, sys.argv[1])
import shelf
code = compile(inspect.getsource(shelf.connection_task), "connection_task", "exec")
exec(code, dict(inspect.getmembers(shelf)), made := {})
made["connection_task"](lambda: print("ready", flush=True))
`

func TestAFunctionThatWasCompiledAgainIsItsModules(t *testing.T) {
	folder := sitePackages(t, map[string]string{"shelf.py": `
import threading
def connection_task(call):
    call()
    threading.Event().wait()
`})
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r := open(t, &finder, launch(t, exec.Command(exe, "-c", againProgram, folder)))
			eventually(t, r, func(work []stacks.Work) string {
				for _, f := range work1(work, "MainThread").Frames {
					if f.Function == "connection_task" && f.Library && f.Line == 0 && f.File == filepath.Join(folder, "shelf.py") {
						return ""
					}
				}
				return fmt.Sprintf("want the module's file and no line: %+v", work)
			})
		})
	}
}
