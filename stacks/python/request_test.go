package python

import (
	"fmt"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// requestProgram has the requests of servers as these keep them.
const requestProgram = `
import asyncio
class Thing:
    def __init__(self, **attributes): self.__dict__.update(attributes)
class Slots:
    __slots__ = ("method", "raw_url", "conn_info")
client = ("127.0.0.1", 40123)
aiohttp = Thing(_method="GET", _rel_url=Thing(_path="/pay", _query="a=1"), _transport_peername=client)
older = Thing(_method="GET", _rel_url=Thing(_val=("", "", "/pay", "a=1", "")), _transport_peername=client)
sanic = Slots()
sanic.method, sanic.raw_url, sanic.conn_info = "GET", b"/pay?a=1", Thing(peername=client)
tornado = Thing(method="GET", path="/pay", query="a=1", connection=Thing(context=Thing(address=client)))
async def serve(request): await asyncio.Event().wait()
async def main():
    kept = []
    for name in "aiohttp", "older", "sanic", "tornado":
        kept.append(asyncio.ensure_future(serve(globals()[name])))
        kept[-1].set_name(name)
    await asyncio.sleep(0)
    print("ready", flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
`

func TestRequestsOfServersTellTheirClientsPort(t *testing.T) {
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, requestProgram)
			eventually(t, r, func(work []stacks.Work) string {
				want := stacks.Request{Method: "GET", Path: "/pay", Query: "a=1", Port: 40123}
				for _, name := range []string{"aiohttp", "older", "sanic", "tornado"} {
					if got := work1(work, name).Request; got != want {
						return fmt.Sprintf("%s: got %+v", name, got)
					}
				}
				return ""
			})
		})
	}
}
