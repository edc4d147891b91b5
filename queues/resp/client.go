package resp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

const (
	mostIdle = 64     // connections kept for the next command
	port     = "6379" // of Redis, where the URL names none
)

// Dial connects to an address that may be connected to.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// A Client sends commands to one Redis server, each exchange on a connection that nobody else uses meanwhile.
type Client struct {
	address  string
	user     string
	password string
	database string
	tls      *tls.Config // nil: without
	dial     Dial
	idle     chan *conn
}

// ParseURL reads redis://[[user]:password@]host[:port][/database], or rediss:// for TLS.
func ParseURL(text string) (*url.URL, error) {
	const want = "want redis://HOST:PORT/DATABASE, or rediss:// for TLS"
	u, err := url.Parse(text)
	switch {
	case err != nil: // its text has the URL, and so the password
		return nil, errors.New("it is no URL; " + want)
	case u.Scheme != "redis" && u.Scheme != "rediss", u.Hostname() == "":
		return nil, errors.New(want)
	}
	if _, err := strconv.ParseUint(database(u), 10, 16); err != nil {
		return nil, fmt.Errorf("%q is no database's number; %s", database(u), want)
	}
	return u, nil
}

func database(u *url.URL) string {
	if number := strings.Trim(u.Path, "/"); number != "" {
		return number
	}
	return "0"
}

// New is a client of the server at a URL that ParseURL has read. It connects when it is first used.
func New(u *url.URL, dial Dial) *Client {
	c := &Client{address: u.Host, user: u.User.Username(), database: database(u), dial: dial, idle: make(chan *conn, mostIdle)}
	c.password, _ = u.User.Password()
	if u.Port() == "" {
		c.address = net.JoinHostPort(u.Hostname(), port)
	}
	if u.Scheme == "rediss" {
		c.tls = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	return c
}

// Database is the number of the database that the commands are about.
func (c *Client) Database() string { return c.database }

// Do sends one command and returns its answer.
func (c *Client) Do(ctx context.Context, words ...string) (any, error) {
	answers, err := c.Pipe(ctx, words)
	if err != nil {
		return nil, err
	}
	return answers[0], nil
}

// Pipe sends several commands at once and returns their answers, in order. Where the server refuses one, that is the
// error; the others were done all the same, if they are not between MULTI and EXEC.
func (c *Client) Pipe(ctx context.Context, commands ...[]string) ([]any, error) {
	conn, err := c.take(ctx)
	if err != nil {
		return nil, err
	}
	answers, err := conn.exchange(ctx, commands)
	if err != nil {
		conn.close()
		return nil, err
	}
	c.give(conn)
	for _, answer := range answers {
		if refused, is := answer.(Error); is {
			return nil, refused
		}
	}
	return answers, nil
}

// Close closes the connections that nobody uses now.
func (c *Client) Close() {
	for {
		select {
		case conn := <-c.idle:
			conn.close()
		default:
			return
		}
	}
}

func (c *Client) give(conn *conn) {
	select {
	case c.idle <- conn:
	default:
		conn.close()
	}
}

// take is a connection for one exchange: one that is there, if the server has not closed it meanwhile, or a new one.
func (c *Client) take(ctx context.Context) (*conn, error) {
	for {
		select {
		case conn := <-c.idle:
			if conn.alive() {
				return conn, nil
			}
			conn.close()
			continue
		default:
		}
		return c.connect(ctx)
	}
}

// connect opens a connection and says who we are.
func (c *Client) connect(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	socket, err := c.dial(ctx, "tcp", c.address)
	if err != nil {
		return nil, err
	}
	below := socket
	if c.tls != nil {
		secured := tls.Client(socket, c.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = socket.Close()
			return nil, fmt.Errorf("%s: %w", c.address, err)
		}
		socket = secured
	}
	conn := newConn(socket, below)
	var first [][]string
	switch {
	case c.password != "" && c.user != "":
		first = append(first, []string{"AUTH", c.user, c.password})
	case c.password != "":
		first = append(first, []string{"AUTH", c.password})
	}
	if c.database != "0" {
		first = append(first, []string{"SELECT", c.database})
	}
	if len(first) == 0 {
		return conn, nil
	}
	answers, err := conn.exchange(ctx, first)
	for _, answer := range answers {
		if refused, is := answer.(Error); is && err == nil {
			err = refused
		}
	}
	if err != nil {
		conn.close()
		return nil, fmt.Errorf("%s: %w", c.address, err)
	}
	return conn, nil
}
