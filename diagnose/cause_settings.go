package diagnose

import (
	"fmt"
	"strings"

	"github.com/hangtime-dev/hangtime/history"
)

// A lossySetting is what comes of a setting that is off, and the document that says so.
type lossySetting struct{ system, setting, short, says, document string }

func lossySettings() []lossySetting {
	const celery = "https://docs.celeryq.dev/en/stable/userguide/configuration.html"
	return []lossySetting{
		{"celery", "acks_late", "acknowledged early",
			"Celery acknowledges a task when it begins (acks_late is off for %s): a process that is killed loses the task that it works on",
			celery + "#task-acks-late"},
		{"celery", "reject_on_worker_lost", "acknowledged when killed",
			"Celery acknowledges a task whose process was killed (acks_late is on for %s, reject_on_worker_lost is off): it is not done again",
			celery + "#task-reject-on-worker-lost"},
		{"rq", "retry", "one try",
			"RQ gives a job one try (%s was enqueued without a retry): when its work-horse is killed it has failed, and is not done again",
			"https://python-rq.org/docs/exceptions/#retrying-failed-jobs"},
	}
}

// losing notices how a worker of a task queue is set: nothing has to be broken yet.
func (n *notices) losing(r history.Record, ev history.QueueSetting) {
	for _, s := range lossySettings() {
		if s.system != ev.System || s.setting != ev.Off {
			continue
		}
		c := Cause{Kind: CauseSettings, Confidence: Proven, Short: s.short, Evidence: []uint64{r.Seq}}
		c.Sentence = fmt.Sprintf(s.says, taskNames(ev.Tasks, ev.Of)) + " (" + s.document + ")"
		n.note(strings.Join([]string{s.system, s.setting, strings.Join(ev.Tasks, " ")}, " "), r.At, r.At, c)
	}
}

// taskNames is "shop.send", "shop.send and shop.pay", "shop.send, shop.pay and 3 more".
func taskNames(names []string, of int) string {
	switch more := of - len(names); {
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	case len(names) < 2:
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
