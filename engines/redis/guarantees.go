package redis

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/hangtime-dev/hangtime/reference-server/tasks"
)

// persistence is how the server is set: appendonly and appendfsync.
func persistence(ctx context.Context, c *redis.Client) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	return c.ConfigGet(ctx, "append*").Result()
}

// guarantees go by what the server says of its settings, redis.io/docs, "Redis persistence".
func guarantees(own *Settings, set map[string]string) tasks.Guarantees {
	g := tasks.Guarantees{
		Name:       Name,
		WorkerDies: "survived: what it held is given to another worker at once, and may be done twice",
		SameKey:    fmt.Sprintf("one is done, if the second comes within %v", own.Window),
		Fails:      own.Fails(),
	}
	switch {
	case set["appendonly"] == "":
		g.EngineDies = "unknown: the server at redis-url does not say how it is set; survived only with appendonly yes"
		g.PowerCut = "unknown: the server at redis-url does not say how it is set; survived only with appendfsync always"
	case set["appendonly"] != "yes":
		g.EngineDies = "not survived: what came since its last snapshot is lost (survived only with appendonly yes)"
		g.PowerCut = "not survived: what came since its last snapshot is lost (survived only with appendonly yes and appendfsync always)"
	default:
		g.EngineDies = "survived: once it is started again it has every task; requests wait for it for up to " + putLimit.String()
		g.PowerCut = map[string]string{
			"always":   "survived: each task is on the disk before it is accepted (appendfsync always)",
			"everysec": "not survived: what was accepted in the last second or two is not on the disk yet (survived only with appendfsync always)",
		}[set["appendfsync"]]
		if g.PowerCut == "" {
			g.PowerCut = "not survived: when a task comes to the disk is up to the kernel (survived only with appendfsync always)"
		}
	}
	return g
}
