package python

import (
	"fmt"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// asyncPoolFiles have the functions and attributes that pools of connections for asyncio have, in files of the same
// places.
func asyncPoolFiles() map[string]string {
	return map[string]string{
		"httpcore/__init__.py": "", "httpcore/_async/__init__.py": "", "httpcore/_sync/__init__.py": "",
		"psycopg_pool/__init__.py": "", "redis/__init__.py": "", "redis/asyncio/__init__.py": "",
		"httpcore/_synchronization.py": `
import asyncio, threading
class AsyncEvent:
    def __init__(self): self._anyio_event = asyncio.Event()
    async def wait(self, timeout=None): await self._anyio_event.wait()
class Event:
    def __init__(self): self._event = threading.Event()
    def wait(self, timeout=None): self._event.wait(timeout)
`,
		"httpcore/_async/connection_pool.py": `
from httpcore._synchronization import AsyncEvent
class AsyncPoolRequest:
    def __init__(self): self._connection_acquired = AsyncEvent()
    async def wait_for_connection(self, timeout=None): await self._connection_acquired.wait(timeout=timeout)
class AsyncConnectionPool:
    def __init__(self, n): self._max_connections = n
    async def handle_async_request(self, request): await AsyncPoolRequest().wait_for_connection()
`,
		"httpcore/_sync/connection_pool.py": `
from httpcore._synchronization import Event
class PoolRequest:
    def __init__(self): self._connection_acquired = Event()
    def wait_for_connection(self, timeout=None): self._connection_acquired.wait(timeout=timeout)
class ConnectionPool:
    def __init__(self, n): self._max_connections = n
    def handle_request(self, request): PoolRequest().wait_for_connection()
`,
		"redis/asyncio/connection.py": `
import asyncio
class BlockingConnectionPool:
    def __init__(self, n): self.max_connections, self._condition = n, asyncio.Condition()
    def can_get_connection(self): return False
    async def get_connection(self, command_name=None):
        async with self._condition: await self._condition.wait_for(self.can_get_connection)
`,
		"psycopg_pool/_acompat.py": `
import asyncio
class ACondition(asyncio.Condition):
    async def wait_timeout(self, timeout): return await asyncio.wait_for(self.wait(), timeout)
`,
		"psycopg_pool/pool_async.py": `
from psycopg_pool._acompat import ACondition
class WaitingClient:
    def __init__(self): self._cond = ACondition()
    async def wait(self, timeout):
        async with self._cond: await self._cond.wait_timeout(timeout)
class AsyncConnectionPool:
    def __init__(self, n): self._max_size, self._nconns, self._pool = n, n, []
    async def getconn(self, timeout=None): return await self._getconn_with_check_loop(timeout)
    async def _getconn_with_check_loop(self, deadline): return await self._getconn_unchecked(3600)
    async def _getconn_unchecked(self, timeout): await WaitingClient().wait(timeout=timeout)
`,
	}
}

const asyncPoolsProgram = `
import asyncio, sys, threading
sys.path.insert(0, sys.argv[1])
from httpcore._async.connection_pool import AsyncConnectionPool as HTTP
from httpcore._sync.connection_pool import ConnectionPool
from psycopg_pool.pool_async import AsyncConnectionPool
from redis.asyncio.connection import BlockingConnectionPool
def call(): ConnectionPool(2).handle_request(None)
threading.Thread(target=call, name="httpcore", daemon=True).start()
async def fetch(pool): await pool.handle_async_request(None)
async def query(pool): await pool.getconn()
async def look(pool): await pool.get_connection()
async def serve():
    kept = []
    for f, pool in (fetch, HTTP(3)), (query, AsyncConnectionPool(4)), (look, BlockingConnectionPool(5)):
        for _ in range(2): kept.append(asyncio.ensure_future(f(pool)))
        kept[-1].set_name(f.__name__)
    print("ready", flush=True)
    await asyncio.sleep(3600)
asyncio.run(serve())
`

func TestAPoolOfAsyncioSaysHowManyOfItsConnectionsAreTaken(t *testing.T) {
	folder := sitePackages(t, asyncPoolFiles())
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, asyncPoolsProgram, folder)
			eventually(t, r, func(work []stacks.Work) string {
				for name, want := range map[string]string{
					"httpcore": "ConnectionPool, 2 of 2 taken", "fetch": "AsyncConnectionPool, 3 of 3 taken",
					"query": "AsyncConnectionPool, 4 of 4 taken", "look": "BlockingConnectionPool, 5 of 5 taken",
				} {
					w := work1(work, name).Wait
					same := 0
					for _, other := range work {
						if other.Wait.Object == w.Object {
							same++
						}
					}
					if w.On != "pool" || w.Name != want || w.Object == 0 || name != "httpcore" && same != 2 {
						return fmt.Sprintf("%s waits for %+v with %d, want %s: %+v", name, w, same, want, work)
					}
				}
				return ""
			})
		})
	}
}
