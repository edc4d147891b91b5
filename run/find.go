package run

import (
	"context"

	"github.com/hangtime-dev/hangtime/probe"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// target says what of a server is to be watched: the workers of its arbiter, or the one process that it is. A command
// may be a shell or a supervisor that only starts it.
func (v *variant) target(ctx context.Context, srv *server) (probe.Target, error) {
	plain := probe.Target{Arbiter: srv.pid, Address: srv.watched()}
	if scenarios.ServerKindOf(v.plan.Server.Kind).Ours {
		return plain, nil
	}
	found, err := probe.FindSettled(ctx, probe.Hint{PID: srv.pid})
	switch {
	case ctx.Err() != nil:
		return probe.Target{}, context.Cause(ctx)
	case err != nil:
		return plain, nil // what cannot be found the probe says itself
	}
	return found, nil
}
