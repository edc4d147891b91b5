package worker

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/tasks"
	"github.com/hangtime-dev/hangtime/reference-server/web"
)

// maxIDs is how many tasks one request may ask about.
const maxIDs = 200

func (p *application) submit(r *web.Request, a *web.Answer) {
	spec, err := tasks.ParseSpec(r.Body)
	if err != nil {
		a.Fail(400, err.Error())
		return
	}
	var number uint64
	var refused error
	promise := new(web.Promise)
	p.manager.Submit(spec, func(n uint64, err error) {
		number, refused = n, err
		promise.Keep()
	})
	a.Promise, a.Fill = promise, func(a *web.Answer) { p.submitted(number, refused, a) }
}

// submitted answers once it is known what became of a task.
func (p *application) submitted(n uint64, err error, a *web.Answer) {
	switch {
	case err == nil:
		a.Status = 202
		a.Body = append(a.Body, `{"id":"`...)
		a.Body = p.board.IDs.Append(a.Body, n)
		a.Body = append(a.Body, '"')
		if !p.manager.Backend().Shared() { // elsewhere it is not this worker that has to end it
			a.Body = append(a.Body, `,"pid":`...)
			a.Body = strconv.AppendInt(a.Body, p.pid, 10)
			a.Body = append(a.Body, `,"worker":`...)
			a.Body = strconv.AppendInt(a.Body, int64(p.place), 10)
		}
		a.Body = append(a.Body, "}\n"...)
	case errors.Is(err, tasks.ErrFull), errors.Is(err, tasks.ErrNoLoop), errors.Is(err, tasks.ErrNoEngine):
		a.Fail(503, err.Error())
		a.RetryAfter = 1
	case errors.Is(err, tasks.ErrForgotten):
		a.Fail(409, err.Error())
	default:
		a.Fail(500, err.Error())
	}
}

func (p *application) taskState(id string, a *web.Answer) {
	n, err := p.board.IDs.Number(id)
	if err != nil {
		a.Fail(400, err.Error())
		return
	}
	t := p.board.Tasks.Get(n)
	if t.State == board.Unknown {
		a.Status = 404
	}
	a.Body = p.appendTask(a.Body, id, t)
	a.Body = append(a.Body, '\n')
}

func (p *application) taskStates(r *web.Request, a *web.Answer) {
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
		n, err := p.board.IDs.Number(id)
		if err != nil {
			a.Fail(400, "ids: "+err.Error())
			return
		}
		if i > 0 {
			a.Body = append(a.Body, ',')
		}
		a.Body = p.appendTask(a.Body, id, p.board.Tasks.Get(n))
	}
	a.Body = append(a.Body, ']')
	a.Body = p.appendQueue(a.Body)
	a.Body = append(a.Body, "}\n"...)
}

// appendQueue says how the whole queue is, where an engine has it.
func (p *application) appendQueue(to []byte) []byte {
	q, at := p.board.Queue.Last()
	if at == 0 {
		return to
	}
	return fmt.Appendf(to, `,"queue":{"depth":%d,"in_flight":%d,"oldest_ms":%.3f,"redelivered":%d,"dead_lettered":%d,"done_twice":%d}`,
		q.Depth, q.InFlight, float64(q.Oldest.Microseconds())/1000, q.Redelivered, q.DeadLettered, q.DoneTwice)
}

func (p *application) appendTask(to []byte, id string, t board.Task) []byte {
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
