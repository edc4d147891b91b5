package worker

import (
	"strconv"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
	"github.com/hangtime-dev/hangtime/reference-server/web"
)

// stalledAfter is when deep health calls a loop stalled that is in one callback for so long, or that has not turned
// for so long beyond its idle turn.
const (
	stalledAfter = 100 * time.Millisecond
	silentAfter  = time.Second
)

// loopStatus says how the event loop is: it asks nobody, so that the answer comes at once whatever the loop does.
func (p *application) loopStatus() (status string, stalled time.Duration) {
	s := p.manager.State()
	now := p.clock.Now()
	switch {
	case !s.Runs:
		return "dead", 0
	case s.Busy > 0 && now-s.Busy > int64(stalledAfter):
		return "stalled", time.Duration(now - s.Busy)
	case s.Busy == 0 && now-s.Beat > int64(silentAfter):
		return "silent", time.Duration(now - s.Beat)
	}
	return "healthy", 0
}

// health has the guide's fields; shallow, it says healthy whatever the event loop does, as the guide's own.
func (p *application) health(a *web.Answer) {
	status, stalled := "healthy", time.Duration(0)
	if p.cfg.Health == "deep" {
		if status, stalled = p.loopStatus(); status != "healthy" {
			a.Status = 503
		}
	}
	b := append(a.Body, `{"status":"`...)
	b = append(b, status...)
	b = append(b, `","timestamp":"`...)
	b = time.Now().AppendFormat(b, "2006-01-02T15:04:05.000000")
	b = append(b, `","pid":`...)
	b = strconv.AppendInt(b, p.pid, 10)
	b = append(b, `,"active_tasks":`...)
	b = strconv.AppendInt(b, int64(p.manager.Active()), 10)
	if stalled > 0 {
		b = append(b, `,"loop_stalled_ms":`...)
		b = strconv.AppendInt(b, stalled.Milliseconds(), 10)
	}
	a.Body = append(b, "}\n"...)
}

// workers is the arbiter's table.
func (p *application) workers(a *web.Answer) {
	type row struct {
		Worker    int     `json:"worker"`
		PID       uint64  `json:"pid"`
		Age       uint64  `json:"age"`
		State     string  `json:"state"`
		UptimeS   float64 `json:"uptime_s"`
		BeatAgeMS float64 `json:"request_beat_age_ms"`
		LoopAgeMS float64 `json:"loop_beat_age_ms"`
		Requests  uint64  `json:"requests"`
		InFlight  uint64  `json:"tasks_in_flight"`
	}
	now := p.clock.Now()
	arbiter, started, target := p.board.Workers.Arbiter()
	rows := []row{}
	for n := 1; n <= board.Places; n++ {
		p := p.board.Workers.Place(n)
		if p.State.Load() == board.Empty {
			continue
		}
		since := func(t uint64) float64 {
			if t == 0 {
				return 0
			}
			return float64(now-int64(t)) / 1e6
		}
		rows = append(rows, row{Worker: n, PID: p.PID.Load(), Age: p.Age.Load(), State: board.StateName(p.State.Load()),
			UptimeS:   since(p.Started.Load()) / 1000,
			BeatAgeMS: since(p.Beat.Load()), LoopAgeMS: since(p.LoopBeat.Load()), Requests: p.Requests.Load(),
			InFlight: p.InFlight.Load()})
	}
	a.JSON(200, map[string]any{"arbiter": arbiter, "uptime_s": float64(now-started) / 1e9, "wanted": target,
		"workers": rows})
}

// poll is GET /poll: there is never any news, so that is the answer, after poll-wait.
func (p *application) poll(a *web.Answer) {
	a.Body = append(a.Body, "{\"news\":[]}\n"...)
	a.Later = p.cfg.PollWait
}

// events is GET /events, server-sent: an event each second.
func (p *application) events(a *web.Answer) {
	a.Later, a.Stream = p.cfg.PollWait, true
}
