package celery

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/hangtime-dev/hangtime/queues"
)

// The exchanges of questions to all workers, and of their answers.
const (
	controlExchange = "celery.pidbox"
	replyExchange   = "reply.celery.pidbox"
)

// A message is what kombu puts into a list or on a channel of Redis.
type message struct {
	Body            string         `json:"body"` // JSON in base64
	ContentEncoding string         `json:"content-encoding"`
	ContentType     string         `json:"content-type"`
	Headers         map[string]any `json:"headers"`
	Properties      map[string]any `json:"properties"`
}

// newMessage wraps a body on its way to an exchange.
func newMessage(body any, headers map[string]any, exchange, key, tag string) (message, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return message{}, err
	}
	return message{
		Body: base64.StdEncoding.EncodeToString(text), ContentEncoding: "utf-8", ContentType: "application/json",
		Headers: headers,
		Properties: map[string]any{
			"delivery_mode": 2, "priority": 0, "body_encoding": "base64", "delivery_tag": tag,
			"delivery_info": map[string]any{"exchange": exchange, "routing_key": key},
		},
	}, nil
}

// taskMessage is a task as a client of Celery would send it, by message protocol 2.
func taskMessage(task queues.Task, queue, tag string) (string, error) {
	args, kwargs := task.Args, task.Kwargs
	if args == nil {
		args = []json.RawMessage{}
	}
	if kwargs == nil {
		kwargs = map[string]json.RawMessage{}
	}
	body := []any{args, kwargs, map[string]any{"callbacks": nil, "errbacks": nil, "chain": nil, "chord": nil}}
	m, err := newMessage(body, map[string]any{
		"lang": "py", "task": task.Name, "id": task.ID, "root_id": task.ID, "parent_id": nil, "group": nil,
		"eta": nil, "expires": nil, "retries": 0, "timelimit": []any{nil, nil}, "argsrepr": "", "kwargsrepr": "",
		"origin": "hangtime", "ignore_result": false,
	}, "", queue, tag)
	if err != nil {
		return "", err
	}
	m.Properties["correlation_id"], m.Properties["reply_to"] = task.ID, ""
	text, err := json.Marshal(m)
	return string(text), err
}

// idOf is the id of the task in a message; empty: it is none.
func idOf(text string) string {
	var m struct {
		Properties struct {
			ID string `json:"correlation_id"`
		} `json:"properties"`
	}
	if json.Unmarshal([]byte(text), &m) != nil {
		return ""
	}
	return m.Properties.ID
}

// unackedID is the id of the task in what kombu keeps of a message until it is acknowledged: [message, exchange, key].
func unackedID(text string) string {
	var kept []json.RawMessage
	if json.Unmarshal([]byte(text), &kept) != nil || len(kept) == 0 {
		return ""
	}
	return idOf(string(kept[0]))
}

// questionMessage asks all workers which of some tasks they hold; they answer to key before it expires.
func questionMessage(ids []string, key, ticket string, expires time.Time) (string, error) {
	m, err := newMessage(map[string]any{
		"method": "query_task", "arguments": map[string]any{"ids": ids},
		"destination": nil, "pattern": nil, "matcher": nil, "ticket": ticket,
		"reply_to": map[string]any{"exchange": replyExchange, "routing_key": key},
	}, map[string]any{"clock": 1, "expires": float64(expires.UnixMicro()) / 1e6}, controlExchange, "", ticket)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(m)
	return string(text), err
}

// A held task is one that a worker says that it holds.
type held struct {
	id    string
	state string // active, reserved, scheduled, ready
	host  string // celery@HOST
	pid   int    // of the process that runs it; 0: none does yet
}

// heldIn reads one worker's answer: {"celery@host": {id: [state, {…, "worker_pid": 7}]}}; ok: it answers this question.
func heldIn(text, ticket string) (all []held, ok bool) {
	var m message
	if json.Unmarshal([]byte(text), &m) != nil || m.Headers["ticket"] != ticket {
		return nil, false
	}
	body, err := base64.StdEncoding.DecodeString(m.Body)
	if err != nil {
		return nil, false
	}
	var said map[string]map[string]json.RawMessage
	if json.Unmarshal(body, &said) != nil {
		return nil, false
	}
	for host, tasks := range said {
		for id, raw := range tasks {
			var pair []json.RawMessage
			one := held{id: id, host: host}
			var info struct {
				PID int `json:"worker_pid"`
			}
			if json.Unmarshal(raw, &pair) != nil || len(pair) != 2 || json.Unmarshal(pair[0], &one.state) != nil ||
				json.Unmarshal(pair[1], &info) != nil {
				continue
			}
			one.pid = info.PID
			all = append(all, one)
		}
	}
	return all, true
}
