package python

import (
	"os/exec"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// lateProgram imports asyncio only when it is told to.
const lateProgram = `
import sys
print("ready", flush=True)
sys.stdin.readline()
import asyncio
async def wait_for_ever(): await asyncio.get_running_loop().create_future()
asyncio.run(wait_for_ever())
`

// That a module is not there is kept from look to look, but not longer than it is true.
func TestAModuleThatIsImportedLateIsFound(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(exe, "-c", lateProgram)
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			r := open(t, &finder, launch(t, cmd))
			if _, err := r.Look(); err != nil {
				t.Fatal(err)
			}
			if kept, known := r.runtime.modules.found["asyncio.tasks"]; !known || kept.module != 0 {
				t.Fatalf("after a look before the import: %+v, want that asyncio.tasks is kept as not there", kept)
			}
			if _, err := in.Write([]byte("\n")); err != nil {
				t.Fatal(err)
			}
			eventually(t, r, func(work []stacks.Work) string {
				for _, w := range work {
					if w.Kind == "task" && where(w) == "wait_for_ever" {
						return ""
					}
				}
				return "the task is not found after the import"
			})
		})
	}
}
