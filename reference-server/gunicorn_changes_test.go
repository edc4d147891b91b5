package refserver

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// A change is what a newer gunicorn does in another way, as far as it can be seen from outside.
type change struct {
	name   changeName
	since  version                                // the first gunicorn that does it in the new way
	source string                                 // of the version: gunicorn's changelog, else its source at that version's tag
	show   func(t *testing.T, k kind, after bool) // makes a gunicorn do it; fails where it was done in the other way
	before string
	after  string
}

type changeName string

const (
	deathWords       changeName = "words of a death"
	beatByUtime      changeName = "heartbeat by utime"
	bootHang         changeName = "hang while it boots"
	abortAnswered    changeName = "aborted request"
	signalsKept      changeName = "signals kept"
	reloadWaits      changeName = "HUP waits"
	reusePortEach    changeName = "reuse_port"
	asgiWorker       changeName = "asgi worker"
	quickEnd         changeName = "quick end"
	dirtyArbiter     changeName = "dirty arbiter"
	http2Settings    changeName = "HTTP-2 settings"
	controlSocket    changeName = "control socket"
	silentConnection changeName = "silent connection"
	eventletGone     changeName = "eventlet"
	orphansExit      changeName = "exit code of an orphan"
	reloadLogLevel   changeName = "loglevel at HUP"
)

const (
	news2024 = "https://gunicorn.org/2024-news/"
	news2026 = "https://gunicorn.org/2026-news/"
	sources  = "https://github.com/benoitc/gunicorn/blob/"
)

// gunicornChanges are the differences between the gunicorns that the tests know, oldest first.
// docs/reference-server.md has the same table.
func gunicornChanges() []change {
	return []change{
		{
			deathWords, version{21, 0, 0}, sources + "21.0.0/gunicorn/arbiter.py", showDeathWords,
			"`Worker with pid 7 was terminated due to signal 9`",
			"`Worker (pid:7) was sent SIGKILL! Perhaps out of memory?`, whoever sent it",
		},
		{
			beatByUtime, version{22, 0, 0}, news2024, showBeatByUtime,
			"a heartbeat is fchmod: the file's ctime is the last one",
			"a heartbeat is utime: the file's mtime is CLOCK_MONOTONIC at the last one, and its ctime moves as before",
		},
		{
			bootHang, version{22, 0, 0}, sources + "22.0.0/gunicorn/workers/workertmp.py", showBootHang,
			"a worker that hangs while it loads the application is killed at timeout",
			"it is never killed: until its first heartbeat the file's mtime is the time of day, which is later than any CLOCK_MONOTONIC",
		},
		{
			abortAnswered, version{22, 0, 0}, sources + "22.0.0/gunicorn/workers/sync.py", showAbortAnswered,
			"a sync worker that gets ABRT (its timeout), QUIT or INT during a request cuts the connection",
			"it answers 500 first",
		},
		{
			signalsKept, version{24, 0, 0}, sources + "24.0.0/gunicorn/arbiter.py", showSignalsKept,
			"while five signals wait for the arbiter, further ones are dropped",
			"every signal is kept",
		},
		{
			reloadWaits, version{24, 0, 0}, sources + "24.0.0/gunicorn/arbiter.py", showReloadWaits,
			"HUP returns at once: an old worker that hangs is killed at timeout",
			"HUP waits for the old workers, for graceful_timeout at most; until then the arbiter kills nobody and handles no signal",
		},
		{
			reusePortEach, version{24, 0, 0}, sources + "24.0.0/gunicorn/arbiter.py", showReusePortEach,
			"reuse_port is a flag on the one socket that all workers share",
			"each worker has a socket of its own",
		},
		{
			asgiWorker, version{24, 0, 0}, news2026, showASGIWorker,
			"no worker class `asgi`",
			"there is one; its event loop beats, so that a handler that blocks the loop is killed at timeout",
		},
		{
			quickEnd, version{25, 0, 0}, sources + "25.0.0/gunicorn/arbiter.py", showQuickEnd,
			"INT and QUIT during the graceful end after TERM are not heard",
			"they end the workers at once",
		},
		{
			dirtyArbiter, version{25, 0, 0}, news2026, showDirtyArbiter,
			"all children of the arbiter are workers",
			"with `dirty_apps` one child is a second arbiter, with workers of its own for long calls",
		},
		{
			http2Settings, version{25, 0, 0}, news2026, showHTTP2Settings,
			"HTTP/1 only",
			"`http_protocols` and `http2_…`, for gthread, gevent and asgi, with TLS and the library h2",
		},
		{
			controlSocket, version{25, 1, 0}, news2026, showControlSocket,
			"no control but signals",
			"a thread of the arbiter answers `gunicornc` on a unix socket, by default `gunicorn.ctl` in $XDG_RUNTIME_DIR or ~/.gunicorn: " +
				"of several servers of a user the last one has it",
		},
		{
			silentConnection, version{25, 2, 0}, sources + "25.2.0/gunicorn/workers/gthread.py", showSilentConnection,
			"a connection that says nothing keeps a thread of a gthread worker",
			"it gives the thread back after 5 s and is closed after keepalive",
		},
		{
			eventletGone, version{26, 0, 0}, news2026, showEventletGone,
			"worker class `eventlet`",
			"none",
		},
		{
			orphansExit, version{26, 1, 0}, news2026, showOrphansExit,
			"an orphan that a container's arbiter inherits and that exits with 3 or 4 ends the server, as a worker would",
			"it is reaped, and that is all",
		},
		{
			reloadLogLevel, version{26, 1, 0}, news2026, showReloadLogLevel,
			"HUP does not read loglevel again",
			"it does",
		},
	}
}

// has says whether a gunicorn is as new as a change.
func (k kind) has(name changeName) bool {
	for _, c := range gunicornChanges() {
		if c.name == name {
			return k.gunicorn != nil && k.gunicorn.version.atLeast(c.since)
		}
	}
	panic(fmt.Sprintf("%s is not in the table of changes", name))
}

// cut is what the client of a sync worker sees whose worker is told to end at once: an error of the connection, or a status.
func (k kind) cut() int {
	if k.has(abortAnswered) {
		return 500
	}
	return -1
}

// Each gunicorn does each thing in the way of its version.
func TestGunicornChanges(t *testing.T) {
	t.Parallel()
	kinds := gunicornKinds(t)
	for _, c := range gunicornChanges() {
		t.Run(string(c.name), func(t *testing.T) {
			t.Parallel()
			atOnce(t, kinds, func(t *testing.T, k kind) { c.show(t, k, k.has(c.name)) })
		})
	}
}

func TestGunicornChangesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/reference-server.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range gunicornChanges() {
		if row := fmt.Sprintf("| [%v](%s) | %s | %s |\n", c.since, c.source, c.before,
			c.after); !strings.Contains(string(text), row) {
			t.Errorf("docs/reference-server.md lacks this row:\n%s", row)
		}
	}
}
