package refserver

import (
	"context"
	"net"
)

func dialer(s *target) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if s.socket != "" {
			network, address = "unix", s.socket
		}
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
}
