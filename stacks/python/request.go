package python

import (
	"strconv"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// tellsRequest says whether a local variable may tell what its function works on.
func tellsRequest(name, place string) bool {
	switch name {
	case "environ", "env", "scope", "request", "req":
		return true
	case "job":
		return strings.HasPrefix(place, "rq/")
	case "uuid", "name", "task":
		return place == "celery/app/trace.py"
	case "self":
		return place == "tornado/web.py"
	}
	return false
}

// request is what a piece of work works on, as the outermost of its frames that say it do.
func (r *Reader) request(frames []frame) stacks.Request {
	var q stacks.Request
	for i := len(frames) - 1; i >= 0; i-- {
		f := frames[i]
		for _, place := range f.code.wanted {
			if value := r.variableAt(f, place); value != 0 {
				r.readRequest(&q, f.code, f.code.names[place], value)
			}
		}
		if q.Path != "" && (q.Method == "" || q.Port != 0) {
			break
		}
	}
	return q
}

// readRequest adds what one variable says to what is known; what an outer frame said stays.
func (r *Reader) readRequest(q *stacks.Request, c *code, name string, value uint64) {
	switch {
	case c.place == "celery/app/trace.py":
		if text := r.text(value); name == "uuid" && q.ID == "" {
			q.ID = text
		} else if q.Path == "" && text != "" {
			q.Path = text
		}
	case name == "job":
		r.fill(&q.Path, r.attribute(value, "_func_name"))
		if q.Path == "" { // the parent of the process that works on it has not unpacked it: "jobs.fetch(1)"
			q.Path, _, _ = strings.Cut(r.text(r.attribute(value, "description")), "(")
		}
		r.fill(&q.ID, r.attribute(value, "_id"))
	case r.typeOf(value).has(isDict):
		if name == "scope" {
			r.readScope(q, value)
		} else {
			r.readEnviron(q, value)
		}
	case name == "self":
		r.readObject(q, r.attribute(value, "request"))
	case name == "request" || name == "req":
		r.readObject(q, value)
	}
}

// fill sets what is not known yet.
func (r *Reader) fill(field *string, value uint64) {
	if *field == "" && value != 0 {
		*field = r.octets(value)
	}
}

// readEnviron reads WSGI's (PEP 3333).
func (r *Reader) readEnviron(q *stacks.Request, environ uint64) {
	method := r.lookup(environ, "REQUEST_METHOD")
	if method == 0 {
		return
	}
	if q.Path == "" {
		r.fill(&q.Method, method)
		r.fill(&q.Path, r.lookup(environ, "PATH_INFO"))
		r.fill(&q.Query, r.lookup(environ, "QUERY_STRING"))
	}
	if q.Port == 0 {
		value := r.lookup(environ, "REMOTE_PORT")
		if n, ok := r.number(value); ok { // werkzeug's own server
			q.Port = n
		} else {
			q.Port = port(r.octets(value))
		}
	}
}

// readScope reads ASGI's (asgiref.readthedocs.io/en/latest/specs/www.html).
func (r *Reader) readScope(q *stacks.Request, scope uint64) {
	if kind := r.lookup(scope, "type"); !r.is(kind, "http") && !r.is(kind, "websocket") {
		return
	}
	if q.Path == "" {
		r.fill(&q.Method, r.lookup(scope, "method"))
		r.fill(&q.Path, r.lookup(scope, "path"))
		r.fill(&q.Query, r.lookup(scope, "query_string"))
	}
	r.fillPort(q, r.lookup(scope, "client"))
}

// fillPort reads the pair of address and port.
func (r *Reader) fillPort(q *stacks.Request, address uint64) {
	if q.Port != 0 {
		return
	}
	if pair := r.items(address, 2); len(pair) == 2 {
		if n, ok := r.number(pair[1]); ok && n > 0 && n < 1<<16 {
			q.Port = n
		}
	}
}

// readObject reads the requests of frameworks and servers: what they wrap, or, of gunicorn and tornado, their own
// method and path.
func (r *Reader) readObject(q *stacks.Request, object uint64) {
	if scope := r.attribute(object, "scope"); scope != 0 { // of Starlette, of Django's ASGIRequest
		r.readScope(q, scope)
		return
	}
	if environ := r.attribute(object, "environ"); environ != 0 { // of werkzeug, of Django's WSGIRequest
		r.readEnviron(q, environ)
		return
	}
	method, at := r.attribute(object, "method"), r.attribute(object, "path")
	if !r.typeOf(method).has(isText) || !r.typeOf(at).has(isText) {
		return
	}
	if q.Path == "" {
		r.fill(&q.Method, method)
		r.fill(&q.Path, at)
		r.fill(&q.Query, r.attribute(object, "query"))
	}
	r.fillPort(q, r.attribute(object, "peer_addr")) // gunicorn
}

func port(text string) int {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
