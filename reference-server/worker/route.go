package worker

import (
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/reference-server/web"
)

// route answers one request on the thread that read it. A handler that panics is a 500, as an exception is in Flask.
func (p *application) route(r *web.Request, a *web.Answer) {
	defer func() {
		if problem := recover(); problem != nil {
			p.log.Error("request failed", "path", string(r.Path), "pid", p.pid, "error", fmt.Sprint(problem))
			a.Reset()
			a.Fail(500, fmt.Sprintf("internal error: %v", problem))
		}
	}()
	path := string(r.Path)
	switch {
	case path == "/health":
		if allow(r, a, "GET") {
			p.health(a)
		}
	case path == "/task":
		if allow(r, a, "POST") {
			p.submit(r, a)
		}
	case strings.HasPrefix(path, "/task/"):
		if allow(r, a, "GET") {
			p.taskState(strings.TrimPrefix(path, "/task/"), a)
		}
	case path == "/tasks":
		if allow(r, a, "GET") {
			p.taskStates(r, a)
		}
	case path == "/poll":
		if allow(r, a, "GET") {
			p.poll(a)
		}
	case path == "/events":
		if allow(r, a, "GET") {
			p.events(a)
		}
	case path == "/metrics":
		if allow(r, a, "GET") {
			p.metrics(r, a)
		}
	case path == "/workers":
		if allow(r, a, "GET") {
			p.workers(a)
		}
	default:
		a.Fail(404, "want one of /task, /task/{id}, /tasks?ids=…, /poll, /events, /health, /metrics, /workers")
	}
}

// allow answers 405 unless the method is the one wanted; HEAD goes where GET goes.
func allow(r *web.Request, a *web.Answer, method string) bool {
	if string(r.Method) == method || method == "GET" && string(r.Method) == "HEAD" {
		return true
	}
	a.Fail(405, fmt.Sprintf("want method %s, got %s", method, r.Method))
	a.Allow = method
	return false
}
