package lendingtest

import (
	"strings"
	"testing"
)

// TellsWhatIsGone has tasks wait in an engine that somebody empties, and wants them told as lost, what a worker has done
// all the same, and the next task done.
func TellsWhatIsGone(t *testing.T, address string, empty func()) {
	t.Helper()
	post := func(body string) string {
		t.Helper()
		id := ""
		Until(t, "a task is accepted", func() bool {
			status, v := ask("POST", "http://"+address+"/task", body)
			id, _ = v["id"].(string)
			return status == 202 && id != ""
		})
		return id
	}
	becomes := func(id, state string) {
		t.Helper()
		Until(t, "task "+id+" is "+state, func() bool {
			_, v := ask("GET", "http://"+address+"/task/"+id, "")
			return v["state"] == state
		})
	}
	held := post(`{"work":"sleep","duration":"4s"}`)
	becomes(held, "running")
	var waiting []string
	for range 5 {
		waiting = append(waiting, post(`{"work":"sleep","delay":"1h"}`))
	}
	empty()
	for _, id := range waiting {
		becomes(id, "lost")
	}
	becomes(held, "done")
	becomes(post(`{"work":"sleep","duration":"10ms"}`), "done")
	t.Logf("told as lost: %s", strings.Join(waiting, ", "))
}
