package resp

import (
	"bufio"
	"context"
	"errors"
	"net"
	"syscall"
	"time"
)

const timeout = 5 * time.Second // of one exchange, where its context has no earlier end

// A conn is one connection. One goroutine at a time uses it.
type conn struct {
	socket net.Conn
	below  net.Conn // what TLS runs on; the socket itself where there is none
	reader *bufio.Reader
}

func newConn(socket, below net.Conn) *conn {
	return &conn{socket, below, bufio.NewReaderSize(socket, 16<<10)}
}

func (c *conn) close() { _ = c.socket.Close() }

// alive says whether a connection on which nothing is asked is still open: the server has sent nothing, and not closed it.
func (c *conn) alive() bool {
	below, is := c.below.(syscall.Conn)
	if !is {
		return true // it is found out by using it
	}
	_ = c.socket.SetDeadline(time.Time{}) // the last exchange's
	raw, err := below.SyscallConn()
	if err != nil {
		return false
	}
	open := false
	err = raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		open = errors.Is(err, syscall.EAGAIN)
		return true
	})
	return err == nil && open
}

// exchange sends commands and reads as many answers.
func (c *conn) exchange(ctx context.Context, commands [][]string) ([]any, error) {
	until := time.Now().Add(timeout)
	if end, has := ctx.Deadline(); has && end.Before(until) {
		until = end
	}
	if err := c.socket.SetDeadline(until); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.socket.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	var text []byte
	for _, words := range commands {
		text = command(text, words)
	}
	if _, err := c.socket.Write(text); err != nil {
		return nil, err
	}
	answers := make([]any, 0, len(commands))
	for range commands {
		one, err := read(c.reader, 0)
		if err != nil {
			return nil, err
		}
		answers = append(answers, one)
	}
	if !stop() { // the context has just ended, and its end is still to come to the socket: nobody else may have it
		return nil, context.Cause(ctx)
	}
	return answers, nil
}
