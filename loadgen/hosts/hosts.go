package hosts

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"
)

// Known are the addresses of hosts by name, in the order of the resolver. It is complete before anything is sent, and
// is only read then.
type Known map[string][]net.IPAddr

// mostAddresses of one name are tried.
const mostAddresses = 64

// patience is how long a resolver may take.
const patience = 5 * time.Second

// Find looks a host up, unless it is known, and remembers it.
func (k Known) Find(host string, resolver *net.Resolver) ([]net.IPAddr, error) {
	if all, ok := k[host]; ok {
		return all, nil
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	all, err := resolver.LookupIPAddr(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("%s is no host that can be found: %w", host, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no address", host)
	}
	k[host] = all[:min(len(all), mostAddresses)]
	return k[host], nil
}

// Permit finds a host that may be loaded: this machine, by a name that leads to loopback addresses only, or one of those
// that a person has named.
func (k Known) Permit(host string, named []string, resolver *net.Resolver) error {
	ips, err := k.Find(host, resolver)
	if err != nil || slices.Contains(named, host) {
		return err
	}
	for _, ip := range ips {
		if !ip.IP.IsLoopback() {
			delete(k, host)
			return fmt.Errorf("%s (%s) is not this machine, and load can harm whoever gets it; if you may load it, say so with --allow %s",
				host, ip.IP, host)
		}
	}
	return nil
}

// Of are the addresses of a host; one that nobody has judged is an error.
func (k Known) Of(host string) ([]net.IPAddr, error) {
	if all, ok := k[host]; ok {
		return all, nil
	}
	return nil, fmt.Errorf("%s is none of the hosts of this load, and nothing is sent to it", host)
}

// DialContext connects to HOST:PORT at one of the host's addresses, as net.Dialer does.
func (k Known) DialContext(ctx context.Context, dialer *net.Dialer, network, hostport string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	all, err := k.Of(host)
	if err != nil {
		return nil, err
	}
	var first error
	for _, at := range all {
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(at.String(), port))
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}
