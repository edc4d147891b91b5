package resp

import (
	"context"
	"time"
)

// Subscribe calls heard for each message that is published on a channel whose name fits the pattern, until ctx ends or
// the connection does. It calls ready when the server has taken the subscription.
func (c *Client) Subscribe(ctx context.Context, pattern string, ready func(), heard func(channel, text string)) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	if _, err := conn.exchange(ctx, [][]string{{"PSUBSCRIBE", pattern}}); err != nil {
		return err
	}
	ready()
	if err := conn.socket.SetDeadline(time.Time{}); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, conn.close)
	defer stop()
	for {
		said, err := read(conn.reader, 0)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		if parts := Texts(said); len(parts) == 4 && parts[0] == "pmessage" {
			heard(parts[2], parts[3])
		}
	}
}
