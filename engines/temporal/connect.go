package temporal

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
)

// Times of a connection. A server that was killed is back within seconds, and until then is looked for often.
const (
	connectAgain     = 100 * time.Millisecond
	connectAgainMost = time.Second
	askAgain         = 100 * time.Millisecond // after a question that failed
	askLimit         = 2 * time.Second
)

// open makes a client, which connects when it is asked, and again when its connection was lost. What goes wrong is seen
// by whoever asks; the library would print it.
func open(s *Settings, identity string) (client.Client, error) {
	wait := backoff.Config{BaseDelay: connectAgain, Multiplier: 1.5, Jitter: 0.2, MaxDelay: connectAgainMost}
	o := client.Options{HostPort: s.Address, Namespace: s.Namespace, Identity: identity,
		Logger: log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{
			grpc.WithConnectParams(grpc.ConnectParams{Backoff: wait, MinConnectTimeout: askLimit})}}}
	if s.TLS || s.Key != "" {
		o.ConnectionOptions.TLS = &tls.Config{}
	}
	if s.Key != "" {
		o.Credentials = client.NewAPIKeyStaticCredentials(s.Key)
	}
	return client.NewLazyClient(o)
}

// refused says whether the server heard and said no, unlike one that is away, just starting or too busy.
func refused(err error) bool {
	if err == nil {
		return false
	}
	switch serviceerror.ToStatus(err).Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted, codes.Internal,
		codes.Aborted, codes.Unknown:
		return false
	}
	return true
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
