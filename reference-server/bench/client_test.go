//go:build bench

package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// A client keeps one connection and sends one request after the other: it costs little beside what it measures.
type client struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
}

// ask gives the status and body of an answer; after an error the next request has a connection of its own.
func (c *client) ask(method, path, body string) (status int, answer []byte, err error) {
	if c.conn == nil {
		if c.conn, err = net.DialTimeout("tcp", c.address, time.Second); err != nil {
			return 0, nil, err
		}
		c.in = bufio.NewReader(c.conn)
	}
	status, answer, done, err := c.exchange(method, path, body)
	if err != nil || done {
		c.close()
	}
	return status, answer, err
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close() // whatever became of it, it is not used again
		c.conn = nil
	}
}

func (c *client) exchange(method, path, body string) (status int, answer []byte, done bool, err error) {
	_ = c.conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(c.conn, "%s %s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, len(body), body); err != nil {
		return 0, nil, true, err
	}
	length := -1
	for first := true; ; first = false {
		text, err := c.in.ReadString('\n')
		if err != nil {
			return 0, nil, true, err
		}
		text = strings.TrimSpace(text)
		if text == "" {
			break
		}
		if first {
			fields := strings.Fields(text)
			if len(fields) < 2 {
				return 0, nil, true, fmt.Errorf("the answer begins with %q", text)
			}
			status, _ = strconv.Atoi(fields[1])
			continue
		}
		name, value, _ := strings.Cut(strings.ToLower(text), ":")
		switch value = strings.TrimSpace(value); name {
		case "content-length":
			length, _ = strconv.Atoi(value)
		case "connection":
			done = value == "close"
		}
	}
	if length < 0 {
		return 0, nil, true, errors.New("the answer does not say how long it is")
	}
	answer = make([]byte, length)
	_, err = io.ReadFull(c.in, answer)
	return status, answer, done, err
}

// post gives the id of a task that was accepted; what was not is sent again with the same key until it is or time is up.
func (c *client) post(body string, until time.Time) (id string, ok bool) {
	for time.Now().Before(until) {
		status, answer, err := c.ask("POST", "/task", body)
		var v struct{ ID string }
		if err == nil && status == 202 && json.Unmarshal(answer, &v) == nil {
			return v.ID, true
		}
		time.Sleep(5 * time.Millisecond)
	}
	return "", false
}

// states are what the server says of tasks; those that it could not be asked about are left out.
func (c *client) states(ids []string, to map[string]string) {
	for len(ids) > 0 {
		n := min(200, len(ids)) // as many as one request may ask about
		status, answer, err := c.ask("GET", "/tasks?ids="+strings.Join(ids[:n], ","), "")
		ids = ids[n:]
		var v struct{ Tasks []struct{ ID, State string } }
		if err == nil && status == 200 && json.Unmarshal(answer, &v) == nil {
			for _, t := range v.Tasks {
				to[t.ID] = t.State
			}
		}
	}
}

// twice is how often a task was done that had been done before, by the server's own count.
func (c *client) twice() int {
	_, answer, err := c.ask("GET", "/metrics", "")
	var v struct {
		Queue struct {
			DoneTwice int `json:"done_twice"`
		}
	}
	if err != nil || json.Unmarshal(answer, &v) != nil {
		return -1
	}
	return v.Queue.DoneTwice
}
