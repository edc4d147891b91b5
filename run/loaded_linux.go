package run

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe"
	"github.com/hangtime-dev/hangtime/probe/discovery"
)

// FindLoaded finds the server that listens where a load goes to: at a unix socket, or where that is empty at a URL's
// host, which is to be this machine's loopback, for at another address of it somebody else may answer.
func FindLoaded(ctx context.Context, u *url.URL, socket string) (discovery.Target, error) {
	if socket != "" {
		return discovery.FindSettled(ctx, discovery.Hint{Socket: socket})
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return discovery.Target{}, err
	}
	for _, a := range addresses {
		if !a.IsLoopback() {
			return discovery.Target{}, errors.New("the server is on another machine, or at an address that others reach too")
		}
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return discovery.Target{}, err
	}
	return discovery.FindSettled(ctx, discovery.Hint{Port: n})
}

// LookAt watches a server's workers.
func LookAt(target discovery.Target) *Lookout {
	return &Lookout{Arbiter: target.Arbiter, HangAfter: target.HangAfter,
		Begin: func(ctx context.Context, rec *history.Recorder) (stop func(), err error) {
			watch, err := probe.Watch(ctx, target, rec)
			if err != nil {
				return nil, err
			}
			return watch.Close, nil
		}}
}
