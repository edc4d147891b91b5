package python

import (
	"fmt"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// managerProgram starts the process of multiprocessing's manager.
const managerProgram = `
import multiprocessing
if __name__ == "__main__":
    manager = multiprocessing.get_context("fork").Manager()
    shared = manager.dict()
    print("ready", flush=True)
    shared["a"] = 1
    manager.join(3600)
`

func TestTheProcessOfAManagerIsAHelper(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			_, cmd := start(t, &finder, exe, managerProgram)
			r := open(t, &finder, childOfProcess(t, cmd.Process.Pid))
			eventually(t, r, func(work []stacks.Work) string {
				helper := false
				for _, w := range work {
					helper = helper || w.Helper
					if !w.Idle {
						return fmt.Sprintf("a manager that has nothing to do has %+v", w)
					}
				}
				if !helper {
					return fmt.Sprintf("no thread is a helper's: %+v", work)
				}
				return ""
			})
		})
	}
}
