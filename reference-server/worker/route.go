package worker

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"errors"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
	"github.com/hangtime-dev/hangtime/reference-server/web"
)

// maxIDs is how many tasks one request may ask about.
const maxIDs = 200

// route answers one request on the thread that read it. A handler that panics is a 500, as an exception is in Flask.
func (w *Worker) route(r *web.Request, a *web.Answer) {
	defer func() {
		if problem := recover(); problem != nil {
			w.log.Error("request failed", "path", string(r.Path), "pid", w.pid, "error", fmt.Sprint(problem))
			a.Reset()
			a.Fail(500, fmt.Sprintf("internal error: %v", problem))
		}
	}()
	path := string(r.Path)
	switch {
	case path == "/health":
		if w.allow(r, a, "GET") {
			w.health(a)
		}
	case path == "/task":
		if w.allow(r, a, "POST") {
			w.submit(r, a)
		}
	case strings.HasPrefix(path, "/task/"):
		if w.allow(r, a, "GET") {
			w.taskState(strings.TrimPrefix(path, "/task/"), a)
		}
	case path == "/tasks":
		if w.allow(r, a, "GET") {
			w.taskStates(r, a)
		}
	case path == "/poll":
		if w.allow(r, a, "GET") {
			w.poll(a)
		}
	case path == "/events":
		if w.allow(r, a, "GET") {
			w.events(a)
		}
	case path == "/metrics":
		if w.allow(r, a, "GET") {
			w.metrics(r, a)
		}
	case path == "/workers":
		if w.allow(r, a, "GET") {
			w.workers(a)
		}
	default:
		a.Fail(404, "want one of /task, /task/{id}, /tasks?ids=…, /poll, /events, /health, /metrics, /workers")
	}
}

// allow answers 405 unless the method is the one wanted; HEAD goes where GET goes.
func (w *Worker) allow(r *web.Request, a *web.Answer, method string) bool {
	if string(r.Method) == method || method == "GET" && string(r.Method) == "HEAD" {
		return true
	}
	a.Fail(405, fmt.Sprintf("want method %s, got %s", method, r.Method))
	a.Allow = method
	return false
}

func (w *Worker) submit(r *web.Request, a *web.Answer) {
	spec, err := tasks.ParseSpec(r.Body)
	if err != nil {
		a.Fail(400, err.Error())
		return
	}
	n, err := w.manager.Submit(spec)
	switch {
	case err == nil:
		a.Status = 202
		a.Body = append(a.Body, `{"id":"`...)
		a.Body = w.board.AppendID(a.Body, n)
		a.Body = append(a.Body, `","pid":`...)
		a.Body = strconv.AppendInt(a.Body, w.pid, 10)
		a.Body = append(a.Body, `,"worker":`...)
		a.Body = strconv.AppendInt(a.Body, int64(w.birth.Place), 10)
		a.Body = append(a.Body, "}\n"...)
	case errors.Is(err, tasks.ErrFull), errors.Is(err, tasks.ErrNoLoop):
		a.Fail(503, err.Error())
		a.RetryAfter = 1
	default:
		a.Fail(500, err.Error())
	}
}

func (w *Worker) taskState(id string, a *web.Answer) {
	n, err := w.board.Number(id)
	if err != nil {
		a.Fail(400, err.Error())
		return
	}
	t := w.board.Get(n)
	if t.State == board.Unknown {
		a.Status = 404
	}
	a.Body = w.appendTask(a.Body, id, t)
	a.Body = append(a.Body, '\n')
}

func (w *Worker) taskStates(r *web.Request, a *web.Answer) {
	ids, ok := bytes.CutPrefix(r.Query, []byte("ids="))
	if !ok || len(ids) == 0 {
		a.Fail(400, "want /tasks?ids=ID,ID,…")
		return
	}
	list := strings.Split(strings.ReplaceAll(string(ids), "%2C", ","), ",")
	if len(list) > maxIDs {
		a.Fail(400, fmt.Sprintf("ids: want at most %d, got %d", maxIDs, len(list)))
		return
	}
	a.Body = append(a.Body, `{"tasks":[`...)
	for i, id := range list {
		n, err := w.board.Number(id)
		if err != nil {
			a.Fail(400, "ids: "+err.Error())
			return
		}
		if i > 0 {
			a.Body = append(a.Body, ',')
		}
		a.Body = w.appendTask(a.Body, id, w.board.Get(n))
	}
	a.Body = append(a.Body, "]}\n"...)
}

func (w *Worker) appendTask(to []byte, id string, t board.Task) []byte {
	to = append(to, `{"id":"`...)
	to = append(to, id...) // only letters, digits and a hyphen: the board read it
	to = append(to, `","state":"`...)
	to = append(to, t.State.String()...)
	to = append(to, '"')
	if t.State == board.Unknown {
		return append(to, '}')
	}
	to = append(to, `,"pid":`...)
	to = strconv.AppendInt(to, int64(t.PID), 10)
	to = append(to, `,"worker":`...)
	to = strconv.AppendInt(to, int64(t.Worker), 10)
	if t.Started > 0 {
		to = append(to, `,"waited_ms":`...)
		to = appendMillis(to, t.Started-t.Accepted)
		if t.Ended > 0 {
			to = append(to, `,"took_ms":`...)
			to = appendMillis(to, t.Ended-t.Started)
		}
	}
	return append(to, '}')
}

func appendMillis(to []byte, ns int64) []byte {
	return strconv.AppendFloat(to, float64(time.Duration(ns).Microseconds())/1000, 'f', -1, 64)
}
