package loadgen

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/loadgen/hosts"
	"github.com/hangtime-dev/hangtime/loadgen/request"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// Ceilings that only a person lifts, with Options.Unlimited.
const (
	MostRate    = 50_000 // hits a second
	MostSenders = 4096   // hits in flight, and so connections
)

// spareFiles are descriptors that everything beside the senders' sockets may need.
const spareFiles = 64

// permitted refuses what may not be loaded, or not so hard: named are the hosts that a person has named, and unlimited
// lifts the ceilings. What is permitted are the hosts that it returns, at the addresses that they have now.
func permitted(w *work, plan scenarios.Load, named []string, unlimited bool, resolver *net.Resolver) (hosts.Known, error) {
	known, err := guard(w.targets, plan.UnixSocket, named, resolver)
	if err != nil {
		return nil, err
	}
	if !unlimited {
		if err := ceilings(w.peak, plan.Senders); err != nil {
			return nil, err
		}
	}
	return known, enoughFiles(plan.Senders)
}

// guard refuses to load a machine that nobody named, and finds the addresses of all that are loaded. Loopback addresses
// and unix sockets need no leave; a name must lead to loopback addresses only.
func guard(targets []request.Target, socket string, named []string, resolver *net.Resolver) (hosts.Known, error) {
	known := hosts.Known{}
	if socket != "" {
		return known, nil
	}
	seen := map[string]bool{}
	for i := range targets {
		u, err := targets[i].Address()
		if err != nil {
			return nil, err
		}
		if seen[u.Host] {
			continue
		}
		seen[u.Host] = true
		if err := permit(known, u, named, resolver); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// permit finds a host, and where a proxy is asked for it that one: it is the proxy that is dialled then.
func permit(known hosts.Known, u *url.URL, named []string, resolver *net.Resolver) error {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	if err != nil {
		return fmt.Errorf("the proxy of %s: %w", u.Hostname(), err)
	}
	if proxy != nil && slices.Contains(named, u.Hostname()) {
		_, err := known.Find(proxy.Hostname(), resolver)
		return err
	}
	return known.Permit(u.Hostname(), named, resolver)
}

// ceilings refuses more than a slip of the finger should start.
func ceilings(peak float64, senders int) error {
	const how = "--no-ceilings lifts it"
	if peak > MostRate {
		return fmt.Errorf("%.0f hits a second are above the ceiling of %d; %s", peak, MostRate, how)
	}
	if senders > MostSenders {
		return fmt.Errorf("%d senders are above the ceiling of %d; %s", senders, MostSenders, how)
	}
	return nil
}

// enoughFiles checks before the first hit what would otherwise be found out in the middle: a socket for each sender.
func enoughFiles(senders int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("ask for the limit of open files: %w", err)
	}
	if need := uint64(senders) + spareFiles; need > limit.Cur {
		return fmt.Errorf("%d senders need %d open files and this process may have %d; `ulimit -n %d` before, or fewer senders", senders, need, limit.Cur, need)
	}
	return nil
}
