package golang

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A place is what the functions on a stack say about the goroutine, whatever it waits for.
type place struct {
	idle bool   // where it stands, a server or the runtime waits for the next piece of work
	pool bool   // it serves requests
	on   string // what it waits for, where functions say it better than the runtime's reason
	file bool   // it reads or writes a file rather than a connection
}

// idleAt are functions of Go and of widely used modules that, while the application is called by nothing inside of
// them, wait for what comes next.
var idleAt = map[string]bool{
	"net.(*netFD).accept":          true, // every Accept
	"net/http.(*conn).readRequest": true,
	// Of a connection whose request is in work: sees that the client leaves.
	"net/http.(*connReader).backgroundRead":             true,
	"net/http.(*http2serverConn).serve":                 true,
	"net/http.(*http2serverConn).readFrames":            true,
	"net/http.(*http2clientConnReadLoop).run":           true,
	"net/http/internal/http2.(*serverConn).serve":       true, // where Go 1.27 keeps it
	"net/http/internal/http2.(*serverConn).readFrames":  true,
	"net/http/internal/http2.(*clientConnReadLoop).run": true,
	"golang.org/x/net/http2.(*serverConn).serve":        true,
	"golang.org/x/net/http2.(*serverConn).readFrames":   true,
	"golang.org/x/net/http2.(*clientConnReadLoop).run":  true,
	"net/http.(*persistConn).readLoop":                  true, // of a client: whoever asked waits in roundTrip
	"net/http.(*persistConn).writeLoop":                 true,
	"database/sql.(*DB).connectionOpener":               true,
	"database/sql.(*DB).connectionCleaner":              true,
	"database/sql.(*Tx).awaitDone":                      true,
	"database/sql.(*Rows).awaitDone":                    true,
	"os/signal.loop":                                    true,

	"google.golang.org/grpc/internal/transport.(*http2Server).HandleStreams": true,
	"google.golang.org/grpc/internal/transport.(*http2Server).keepalive":     true,
	"google.golang.org/grpc/internal/transport.(*http2Client).reader":        true,
	"google.golang.org/grpc/internal/transport.(*http2Client).keepalive":     true,
	"google.golang.org/grpc/internal/transport.(*loopyWriter).run":           true,
	"google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run":     true,
	"google.golang.org/grpc.(*Server).serverWorker":                          true,
	"go.opentelemetry.io/otel/sdk/trace.(*batchSpanProcessor).processQueue":  true,
	"go.opentelemetry.io/otel/sdk/metric.(*PeriodicReader).run":              true,
	"go.opencensus.io/stats/view.(*worker).start":                            true,
	"github.com/golang/glog.(*fileSink).flushDaemon":                         true,
	"k8s.io/klog/v2.(*flushDaemon).run.func1":                                true,
	"github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck":          true,
	"github.com/go-sql-driver/mysql.(*mysqlConn).startWatcher.func1":         true,
	"github.com/patrickmn/go-cache.(*janitor).Run":                           true,
}

// poolAt are functions that, anywhere on a stack, make the goroutine one that serves requests.
var poolAt = map[string]bool{
	"net/http.(*conn).serve":                               true,
	"net/http.(*http2serverConn).runHandler":               true,
	"net/http/internal/http2.(*serverConn).runHandler":     true,
	"golang.org/x/net/http2.(*serverConn).runHandler":      true,
	"google.golang.org/grpc.(*Server).handleStream":        true,
	"google.golang.org/grpc.(*Server).serverWorker":        true,
	"github.com/valyala/fasthttp.(*workerPool).workerFunc": true,
	"net/rpc.(*service).call":                              true,
}

// serveGoroutine begins the name of the function that the compiler makes of the statement "go c.serve(…)" in
// net/http.(*Server).Serve.
const serveGoroutine = "net/http.(*Server).Serve."

func isPool(function string) bool { return poolAt[function] }

// kinds are functions that say what is waited for inside of them; a name that ends with "[" is that of any instance
// of a generic one.
var kinds = []struct{ function, on string }{
	{"database/sql.(*DB).conn", "pool"},
	{"github.com/jackc/puddle/v2.(*Pool[", "pool"},
	{"github.com/jackc/puddle.(*Pool).", "pool"},
	{"github.com/redis/go-redis/v9/internal/pool.(*ConnPool).waitTurn", "pool"},
	{"golang.org/x/sync/semaphore.(*Weighted).Acquire", "semaphore"},
	{"golang.org/x/sync/singleflight.(*Group).Do", "future"},
	{"sync.(*Once).doSlow", "lock"},
	{"sync.(*Mutex).", "lock"},
	{"internal/sync.(*Mutex).", "lock"},
	{"sync.(*RWMutex).", "lock"},
	{"internal/poll.(*fdMutex).", "lock"},
	{"sync.(*WaitGroup).Wait", "wait group"},
	{"sync.(*Cond).Wait", "condition"},
	{"os.(*Process).Wait", "child"},
	{"os.(*Process).wait", "child"},
}

// placeOf looks at frames from the innermost outwards. Only what the application is not called from inside of counts,
// except for what makes a goroutine one of a pool.
func placeOf(frames []stacks.Frame) place {
	var p place
	inside, waits := true, true
	for i, f := range frames {
		p.pool = p.pool || isPool(f.Function)
		if inside = inside && f.Library; !inside {
			continue
		}
		p.idle = p.idle || idleAt[f.Function] || nextRequest(frames[:i+1])
		p.file = p.file || strings.HasPrefix(f.Function, "os.(*File).")
		kind := kindOf(f.Function)
		if waits = waits && (kind != "" || primitive(f.Function)); waits && kind != "" && (p.on == "" || kind == "pool") {
			p.on = kind
		}
	}
	return p
}

// primitive tells whether a function is of a package that others wait with: within one of any other nothing more is
// known of what is waited for.
func primitive(function string) bool {
	switch p := packageOf(function); p {
	case "runtime", "sync", "syscall", "os", "context":
		return true
	default:
		return within(p, "internal/runtime") || within(p, "internal/sync") || within(p, "internal/poll") ||
			within(p, "internal/syscall")
	}
}

// nextRequest tells whether a connection of an HTTP server waits for its next request: it peeks at what comes, itself
// and not through a handler.
func nextRequest(frames []stacks.Frame) bool {
	n := len(frames)
	return n > 1 && frames[n-1].Function == "net/http.(*conn).serve" && frames[n-2].Function == "bufio.(*Reader).Peek" ||
		frames[n-1].Function == "github.com/valyala/fasthttp.(*workerPool).workerFunc" && n > 1 &&
			strings.HasPrefix(frames[n-2].Function, "runtime.chanrecv")
}

func kindOf(function string) string {
	for _, k := range kinds {
		if function == k.function || strings.HasPrefix(function, k.function) &&
			(k.function[len(k.function)-1] == '.' || k.function[len(k.function)-1] == '[') {
			return k.on
		}
	}
	return ""
}
