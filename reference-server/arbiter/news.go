package arbiter

import (
	"os"
	"time"

	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// Exit codes of a worker that stop the arbiter, with gunicorn's numbers: another worker would only fail the same way.
const (
	bootError = 3
	loadError = 4
)

// heard is told what a worker said.
func (w *workers) heard(c *child, line map[string]any) {
	event, _ := line["event"].(string)
	fields := Fields{"worker": c.place, "pid": c.pid}
	for k, v := range line {
		if k != "event" {
			fields[k] = v
		}
	}
	switch event {
	case "ready":
		c.ready = true
		if !c.leaving {
			w.board.Workers.Place(c.place).State.Store(board.Ready)
		}
		w.account.Say("info", "worker-ready", fields)
		w.sayReady()
	case "boot-failed":
		w.account.Say("error", "worker-boot-failed", fields)
	case "hook":
		name, _ := line["name"].(string)
		w.hooks.reached(name, c.pid, Fields{"worker": c.place})
	default:
		w.account.Say("info", "worker-"+event, fields)
	}
}

func (w *workers) sayReady() {
	if w.told {
		return
	}
	ready := 0
	for c := range w.present() {
		if c.ready && !c.old {
			ready++
		}
	}
	if ready >= w.target {
		w.told = true
		w.account.Say("info", "ready", Fields{"workers": ready, "pid": os.Getpid()})
	}
}

// reap is told that a worker has ended; hopeless is its exit code when another worker would only fail the same way.
func (w *workers) reap(c *child, state *os.ProcessState, now int64) (hopeless int) {
	delete(w.children, c.pid)
	returned := w.engine.takeBack(c.owner)
	lost := w.board.Tasks.Lose(c.owner, now)
	if p := w.board.Workers.Place(c.place); p.Owner.Load() == c.owner {
		p.State.Store(board.Empty)
	}
	fields := Fields{"worker": c.place, "pid": c.pid, "age": c.age, "tasks_lost": lost}
	if w.engine != nil {
		fields["tasks_given_back"] = returned
	}
	code, killed := tellExit(fields, state)
	level := "info"
	if killed || code != 0 {
		level = "warning"
	}
	w.account.Say(level, "worker-exited", fields)
	_ = c.page.Unmap()
	if c.tmpfile != nil {
		_ = c.tmpfile.Close()
	}
	w.hooks.reached("child_exit", os.Getpid(), Fields{"worker": c.place, "child": c.pid})
	if !c.ready && (code == bootError || code == loadError) {
		return code
	}
	if !c.leaving && !c.old && !w.cfg.Respawn {
		w.gone++
	}
	w.crashes.died(time.Duration(now-c.started), level != "info" && !c.leaving, now)
	return 0
}
