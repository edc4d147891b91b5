package python

import (
	"fmt"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// lifespanFile has what uvicorn's has, in a file of the same place.
const lifespanFile = `
import asyncio
class LifespanOn:
    def __init__(self, app): self.app, self.startup_event = app, asyncio.Event()
    async def main(self): await self.app({"type": "lifespan"}, None, None)
`

const restProgram = `
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from uvicorn.lifespan.on import LifespanOn
async def connect(): await asyncio.get_running_loop().create_future()
async def app(scope, receive, send): await connect()
async def tick():
    while True:
        await asyncio.sleep(3600)
async def handle(reader, writer):
    asyncio.current_task().set_name("client")
    await asyncio.sleep(3600)
async def main():
    booting, booted = LifespanOn(app), LifespanOn(app)
    booted.startup_event.set()
    kept = []
    for name, coroutine in ("booting", booting.main()), ("booted", booted.main()), ("tick", tick()):
        kept.append(asyncio.ensure_future(coroutine))
        kept[-1].set_name(name)
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    kept.append(await asyncio.open_connection(*server.sockets[0].getsockname()))
    asyncio.current_task().set_name("main")
    await asyncio.sleep(0.1)
    print("ready", flush=True)
    if sys.argv[2] == "event": await asyncio.Event().wait()
    async with server: await server.serve_forever()
asyncio.run(main())
`

func TestTheProgramsOwnTaskRestsAndItsStartDoesNot(t *testing.T) {
	folder := sitePackages(t, map[string]string{"uvicorn/__init__.py": "", "uvicorn/lifespan/__init__.py": "",
		"uvicorn/lifespan/on.py": lifespanFile})
	var finder Finder
	for _, exe := range interpreters(t) {
		for _, end := range []string{"event", "serve_forever"} {
			t.Run(exe+" "+end, func(t *testing.T) {
				t.Parallel()
				r, _ := start(t, &finder, exe, restProgram, folder, end)
				eventually(t, r, func(work []stacks.Work) string {
					for _, want := range []struct {
						name        string
						idle, boots bool
					}{{"main", true, false}, {"tick", true, false}, {"client", false, false}, {"booting", false, true},
						{"booted", false, false}} {
						if w := work1(work, want.name); len(w.Frames) == 0 || w.Idle != want.idle || w.Boots != want.boots {
							return fmt.Sprintf("%s is %+v, want %+v", want.name, w, want)
						}
					}
					return ""
				})
			})
		}
	}
}
