package python

import (
	"fmt"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// nestedProgram runs a loop for events inside of what a thread does: of a request, and of none.
const nestedProgram = `
import asyncio, threading
async def fetch(): await asyncio.get_running_loop().create_future()
def view(environ): asyncio.run(fetch())
def request():
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/pay", "QUERY_STRING": "", "REMOTE_PORT": "40123"}
    view(environ)
threading.Thread(target=request, name="request", daemon=True).start()
threading.Thread(target=lambda: asyncio.run(fetch()), name="loop", daemon=True).start()
print("ready", flush=True)
threading.Event().wait(3600)
`

func TestALoopInsideOfARequestIsThatRequestsWait(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, nestedProgram)
			eventually(t, r, func(all []stacks.Work) string {
				tasks := 0
				for _, w := range all {
					switch {
					case w.Kind == "task":
						tasks++
					case w.Name == "loop" && !w.Idle:
						return fmt.Sprintf("a loop by itself works: %+v", w)
					case w.Name != "request":
					case w.Idle || w.Request.Path != "/pay" || w.Request.Port != 40123 || w.Wait.On != "future":
						return fmt.Sprintf("it is in a request and waits for a future: %+v", w)
					case len(w.Frames) == 0 || w.Frames[0].Function != "fetch":
						return fmt.Sprintf("it is in fetch: %+v", w.Frames)
					}
				}
				if tasks != 1 {
					return fmt.Sprintf("%d tasks, want that of the other loop alone", tasks)
				}
				return ""
			})
		})
	}
}
