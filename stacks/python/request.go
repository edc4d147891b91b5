package python

import (
	"strconv"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// A requestReader reads what pieces of work work on.
type requestReader struct {
	objects  *objectReader
	unwinder *unwinder
}

// request is what a piece of work works on, as the outermost of its frames that say it do.
func (rs *requestReader) request(frames []stackFrame) stacks.Request {
	var q stacks.Request
	for i := len(frames) - 1; i >= 0; i-- {
		f := frames[i]
		for _, place := range f.code.wanted {
			if value := rs.unwinder.variableAt(f, place); value != 0 {
				rs.readRequest(&q, f.code, f.code.names[place], value)
			}
		}
		if q.Path != "" && (q.Method == "" || q.Port != 0) {
			break
		}
	}
	return q
}

// readRequest adds what one variable says to what is known; what an outer frame said stays.
func (rs *requestReader) readRequest(q *stacks.Request, c *codeObject, name string, value uint64) {
	spot := taskSpotAt(name, c.place)
	switch {
	case spot != nil:
		rs.fill(&q.Path, rs.objects.at(value, spot.name))
		rs.fill(&q.ID, rs.objects.at(value, spot.id))
	case c.place == "celery/app/trace.py":
		if text := rs.objects.text(value); name == "uuid" && q.ID == "" {
			q.ID = text
		} else if q.Path == "" && text != "" {
			q.Path = text
		}
	case name == "job":
		rs.fill(&q.Path, rs.objects.attribute(value, "_func_name"))
		if q.Path == "" { // the parent of the process that works on it has not unpacked it: "jobs.fetch(1)"
			q.Path, _, _ = strings.Cut(rs.objects.text(rs.objects.attribute(value, "description")), "(")
		}
		rs.fill(&q.ID, rs.objects.attribute(value, "_id"))
		left := rs.objects.attribute(value, "retries_left")
		q.Once = left != 0 && rs.objects.typeOf(left).name == "NoneType"
	case name == "ctx":
		rs.readJob(q, c, value)
	case rs.objects.typeOf(value).has(isDict):
		if name == "scope" {
			rs.readScope(q, value)
		} else {
			rs.readEnviron(q, value)
		}
	case name == "self":
		rs.readObject(q, rs.objects.attribute(value, "request"))
	case name == "request" || name == "req":
		rs.readObject(q, value)
	}
}

// readJob reads what arq gives the function of a job, whose name is the job's.
func (rs *requestReader) readJob(q *stacks.Request, c *codeObject, given uint64) {
	id := rs.objects.lookup(given, "job_id")
	if q.Path == "" && id != 0 && rs.objects.lookup(given, "enqueue_time") != 0 {
		q.Path = c.function
		rs.fill(&q.ID, id)
	}
}

// fill sets what is not known yet.
func (rs *requestReader) fill(field *string, value uint64) {
	if *field == "" && value != 0 {
		*field = rs.objects.octets(value)
	}
}

// readEnviron reads WSGI's (PEP 3333).
func (rs *requestReader) readEnviron(q *stacks.Request, environ uint64) {
	method := rs.objects.lookup(environ, "REQUEST_METHOD")
	if method == 0 {
		return
	}
	if q.Path == "" {
		rs.fill(&q.Method, method)
		rs.fill(&q.Path, rs.objects.lookup(environ, "PATH_INFO"))
		rs.fill(&q.Query, rs.objects.lookup(environ, "QUERY_STRING"))
	}
	if q.Port == 0 {
		value := rs.objects.lookup(environ, "REMOTE_PORT")
		if n, ok := rs.objects.number(value); ok { // werkzeug's own server
			q.Port = n
		} else {
			q.Port = port(rs.objects.octets(value))
		}
	}
}

// readScope reads ASGI's (asgiref.readthedocs.io/en/latest/specs/www.html).
func (rs *requestReader) readScope(q *stacks.Request, scope uint64) {
	if kind := rs.objects.lookup(scope, "type"); !rs.objects.is(kind, "http") && !rs.objects.is(kind, "websocket") {
		return
	}
	if q.Path == "" {
		rs.fill(&q.Method, rs.objects.lookup(scope, "method"))
		rs.fill(&q.Path, rs.objects.lookup(scope, "path"))
		rs.fill(&q.Query, rs.objects.lookup(scope, "query_string"))
	}
	rs.fillPort(q, rs.objects.lookup(scope, "client"))
}

// fillPort reads the pair of address and port.
func (rs *requestReader) fillPort(q *stacks.Request, address uint64) {
	if q.Port != 0 {
		return
	}
	if pair := rs.objects.items(address, 2); len(pair) == 2 {
		if n, ok := rs.objects.number(pair[1]); ok && n > 0 && n < 1<<16 {
			q.Port = n
		}
	}
}

// readObject reads the requests of frameworks and servers: what they wrap, or their own method and path.
func (rs *requestReader) readObject(q *stacks.Request, object uint64) {
	if scope := rs.objects.attribute(object, "scope"); scope != 0 { // of Starlette, of Django's ASGIRequest
		rs.readScope(q, scope)
		return
	}
	if environ := rs.objects.attribute(object, "environ"); environ != 0 { // of werkzeug, of Django's WSGIRequest
		rs.readEnviron(q, environ)
		return
	}
	if url := rs.objects.attribute(object, "_rel_url"); url != 0 {
		rs.readAIOHTTP(q, object, url)
		return
	}
	if url := rs.objects.attribute(object, "raw_url"); url != 0 {
		rs.readSanic(q, object, url)
		return
	}
	method, at := rs.objects.attribute(object, "method"), rs.objects.attribute(object, "path") // gunicorn, Tornado
	if !rs.objects.typeOf(method).has(isText) || !rs.objects.typeOf(at).has(isText) {
		return
	}
	if q.Path == "" {
		rs.fill(&q.Method, method)
		rs.fill(&q.Path, at)
		rs.fill(&q.Query, rs.objects.attribute(object, "query"))
	}
	rs.fillPort(q, rs.objects.attribute(object, "peer_addr"))           // gunicorn
	rs.fillPort(q, rs.objects.at(object, "connection.context.address")) // Tornado
}

// readAIOHTTP reads aiohttp's of 3.8 to 3.14, whose addresses are yarl's: since 1.17 with attributes of their own, before
// with the tuple of urllib.
func (rs *requestReader) readAIOHTTP(q *stacks.Request, object, url uint64) {
	if q.Path == "" {
		rs.fill(&q.Method, rs.objects.attribute(object, "_method"))
		const path, query = 2, 3 // SplitResult
		if parts := rs.objects.items(rs.objects.attribute(url, "_val"), query+1); len(parts) > query {
			rs.fill(&q.Path, parts[path])
			rs.fill(&q.Query, parts[query])
		}
		rs.fill(&q.Path, rs.objects.attribute(url, "_path"))
		rs.fill(&q.Query, rs.objects.attribute(url, "_query"))
	}
	rs.fillPort(q, rs.objects.attribute(object, "_transport_peername"))
}

// readSanic reads Sanic's of 21 to 25, whose address is as the client wrote it.
func (rs *requestReader) readSanic(q *stacks.Request, object, url uint64) {
	if q.Path == "" {
		rs.fill(&q.Method, rs.objects.attribute(object, "method"))
		q.Path, q.Query, _ = strings.Cut(rs.objects.octets(url), "?")
	}
	rs.fillPort(q, rs.objects.at(object, "conn_info.peername"))
}

func port(text string) int {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
