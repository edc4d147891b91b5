package python

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// poolFiles have the functions and attributes that SQLAlchemy's and urllib3's pools have, in files of the same
// places: neither is installed for every Python here.
func poolFiles() map[string]string {
	return map[string]string{
		"sqlalchemy/__init__.py": "", "sqlalchemy/pool/__init__.py": "", "urllib3/__init__.py": "",
		"sqlalchemy/pool/impl.py": `
import queue
class QueuePool:
    def __init__(self, size, overflow):
        self._pool, self._overflow, self._max_overflow = queue.Queue(size), 0 - size, overflow
    def _do_get(self):
        if self._overflow >= self._max_overflow: return self._pool.get(True, 3600)
        self._overflow += 1
        return object()
`,
		"urllib3/connectionpool.py": `
import queue
class HTTPConnectionPool:
    def __init__(self, size): self.pool = queue.LifoQueue(size)
    def _get_conn(self): return self.pool.get(timeout=3600)
`,
	}
}

const poolsProgram = `
import sys, threading
sys.path.insert(0, sys.argv[1])
from sqlalchemy.pool.impl import QueuePool
from urllib3.connectionpool import HTTPConnectionPool
engine, client = QueuePool(2, 1), HTTPConnectionPool(4)
for _ in range(3): engine._do_get()
def query(): engine._do_get()
def fetch(): client._get_conn()
for f in query, query, fetch: threading.Thread(target=f, name=f.__name__, daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
`

func TestAPoolSaysHowManyOfItsConnectionsAreTaken(t *testing.T) {
	folder := sitePackages(t, poolFiles())
	var finder Finder
	for _, exe := range interpreters(t) {
		t.Run(exe, func(t *testing.T) {
			t.Parallel()
			r, _ := start(t, &finder, exe, poolsProgram, folder)
			eventually(t, r, func(work []stacks.Work) string {
				objects := map[string]map[uint64]int{"QueuePool, 3 of 3 taken": {}, "HTTPConnectionPool, 4 of 4 taken": {}}
				for _, w := range work {
					if w.Wait.On == "pool" && objects[w.Wait.Name] != nil {
						objects[w.Wait.Name][w.Wait.Object]++
					}
				}
				queue, http := objects["QueuePool, 3 of 3 taken"], objects["HTTPConnectionPool, 4 of 4 taken"]
				if len(queue) != 1 || len(http) != 1 || queue[0] != 0 || http[0] != 0 {
					return fmt.Sprintf("the pools that are waited for: %v, of %+v", objects, work)
				}
				for _, n := range queue {
					if n != 2 {
						return fmt.Sprintf("%d wait for the first pool", n)
					}
				}
				return ""
			})
		})
	}
}

// sitePackages writes files into a folder of libraries.
func sitePackages(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "site-packages")
	for name, text := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
