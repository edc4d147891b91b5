package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// Times of a connection.
const (
	askLimit = time.Second
	askAgain = 50 * time.Millisecond // after one that failed
	putLimit = 3 * time.Second       // in which a server that was killed is back: a request waits for that
)

// What goes wrong is seen by whoever asks; the library would print it.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(quiet{}) }

// open makes a client, which connects when it is asked, and again when its connection was lost.
func open(s *Settings) (*redis.Client, error) {
	o, err := redis.ParseURL(s.URL)
	if err != nil {
		return nil, fmt.Errorf("redis-url: %w", err)
	}
	o.ContextTimeoutEnabled = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled} // of a cloud's servers only
	o.MaxRetries = -1                                                                              // whoever asks knows for how long to ask again
	return redis.NewClient(o), nil
}

// refused says whether the server heard and said no, unlike one that is away or still reads its file.
func refused(err error) bool {
	var said redis.Error
	if !errors.As(err, &said) {
		return false
	}
	for _, later := range []string{"LOADING", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "BUSY "} {
		if strings.HasPrefix(said.Error(), later) {
			return false
		}
	}
	return true
}

// full says whether the server has no more memory.
func full(err error) bool {
	var said redis.Error
	return errors.As(err, &said) && strings.HasPrefix(said.Error(), "OOM")
}

// reader is what one worker reads the stream as. No two workers of any servers have the same: a board's ids are its own.
func reader(b *board.Board, owner uint64) string { return "worker-" + b.IDs.Of(owner) }

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
