//go:build bench

package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/reference-server/lending/lendingtest"
	"github.com/hangtime-dev/hangtime/reference-server/realengine"
)

// A lone keeper is one server of others.
type lone struct {
	*realengine.Server
	t      *testing.T
	option string                      // of the server's address
	reopen func(dir string) *lone      // on what is on a disk
	ids    func(t *testing.T) []string // of the tasks that it has; only one that was reopened can be asked
}

func (l *lone) flag() string  { return l.option + "=" + l.URL }
func (l *lone) restart()      { l.Kill(); l.Start() }
func (l *lone) groups() []int { return []int{l.Group()} }
func (l *lone) stop()         { l.Stop() }
func (l *lone) end()          { l.Kill() }

func (l *lone) again(dir string) keeper { return l.reopen(dir) }

func (l *lone) stored() map[string]bool {
	there := map[string]bool{}
	for _, id := range l.ids(l.t) {
		there[id] = true
	}
	return there
}

// openRedis is a Redis that syncs when fsync says; what it has is asked by the program that comes with it.
func openRedis(fsync string) func(t *testing.T, dir string) keeper {
	return func(t *testing.T, dir string) keeper {
		t.Helper()
		l := &lone{t: t, option: "--redis-url"}
		open := func(dir string) *realengine.Server { return realengine.Redis(t, dir, "--appendfsync", fsync) }
		l.Server = open(dir)
		l.reopen = func(dir string) *lone {
			then := &lone{Server: open(dir), t: t}
			then.ids = func(t *testing.T) []string {
				t.Helper()
				out, err := exec.Command("redis-cli", "-u", then.URL, "--raw", "ZRANGE", "{hangtime}:open", "0", "-1").Output()
				if err != nil {
					t.Fatalf("ask redis for its tasks: %v", err)
				}
				return strings.Fields(string(out))
			}
			return then
		}
		return l
	}
}

// openRabbitMQ is a broker; what it has is asked by its management plugin, which only the second one runs.
func openRabbitMQ(t *testing.T, dir string) keeper {
	t.Helper()
	l := &lone{t: t, option: "--rabbitmq-url", Server: realengine.RabbitMQ(t, dir, 0)}
	// What a broker writes at its first start of all (its cookie, users, feature flags) is not what is asked about.
	tool(t, "sync", "--file-system", dir)
	l.reopen = func(dir string) *lone {
		web := lendingtest.FreePort(t)
		then := &lone{t: t, Server: realengine.RabbitMQ(t, dir, web)}
		then.ids = func(t *testing.T) []string {
			t.Helper()
			var queues []struct{ Name string }
			root := fmt.Sprintf("http://guest:guest@127.0.0.1:%d/api/queues/%%2F", web)
			ask(t, "GET", root, "", &queues)
			var ids []string
			for _, q := range queues {
				var found []struct {
					Properties struct {
						ID string `json:"message_id"`
					}
				}
				ask(t, "POST", root+"/"+url.PathEscape(q.Name)+"/get",
					`{"count":1000000,"ackmode":"ack_requeue_false","encoding":"auto"}`, &found)
				for _, m := range found {
					ids = append(ids, m.Properties.ID)
				}
			}
			return ids
		}
		return then
	}
	return l
}

// noTemporal says why there can be none on this machine.
func noTemporal() error {
	_, err := realengine.TemporalProgram("../..")
	return err
}

// openTemporal is a server with a file of SQLite; what it has is asked by its HTTP API.
func openTemporal(t *testing.T, dir string) keeper {
	t.Helper()
	program, err := realengine.TemporalProgram("../..")
	if err != nil {
		t.Fatal(err)
	}
	l := &lone{t: t, option: "--temporal-address", Server: realengine.Temporal(t, program, dir, 0)}
	l.reopen = func(dir string) *lone {
		web := lendingtest.FreePort(t)
		then := &lone{t: t, Server: realengine.Temporal(t, program, dir, web)}
		then.ids = func(t *testing.T) []string {
			t.Helper()
			var ids []string
			for next := ""; ; {
				var page struct {
					Executions    []struct{ ActivityID string }
					NextPageToken string
				}
				ask(t, "GET", fmt.Sprintf("http://127.0.0.1:%d/api/v1/namespaces/default/activities?pageSize=1000&nextPageToken=%s",
					web, url.QueryEscape(next)), "", &page)
				for _, one := range page.Executions {
					ids = append(ids, one.ActivityID)
				}
				if next = page.NextPageToken; next == "" {
					return ids
				}
			}
		}
		return then
	}
	return l
}

// ask waits for an answer that is well, and reads it.
func ask(t *testing.T, method, address, body string, to any) {
	t.Helper()
	lendingtest.Until(t, method+" "+address, func() bool {
		q, err := http.NewRequest(method, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			return false
		}
		defer func() { _ = a.Body.Close() }()
		if a.StatusCode >= 400 && a.StatusCode < 500 {
			text, _ := io.ReadAll(a.Body) // what there is of it says enough
			t.Fatalf("%s %s: %s: %s", method, address, a.Status, text)
		}
		return a.StatusCode == http.StatusOK && json.NewDecoder(a.Body).Decode(to) == nil
	})
}
