package run

import (
	"context"

	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// target says what of a server is to be watched: the workers of its arbiter, or the one process that it is. A command
// may be a shell or a supervisor that only starts it; ours is a server of which that is known.
func (s *server) target(ctx context.Context, ours bool) (discovery.Target, error) {
	plain := discovery.Target{Arbiter: s.pid, Address: s.watched()}
	if ours {
		return plain, nil
	}
	found, err := discovery.FindSettled(ctx, discovery.Hint{PID: s.pid})
	switch {
	case ctx.Err() != nil:
		return discovery.Target{}, context.Cause(ctx)
	case err != nil:
		return plain, nil // what cannot be found the probe says itself
	}
	return found, nil
}
