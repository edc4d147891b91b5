package requests

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// A source tells the sockets of the server: TCP ones on its port, or unix ones of its name.
type source interface {
	// All appends every one.
	All(into []sockdiag.Connection) ([]sockdiag.Connection, error)
	// Some appends the listeners and those of known that are still there, at a cost that depends little on how many
	// others the machine has.
	Some(into, known []sockdiag.Connection) ([]sockdiag.Connection, error)
	Close()
}

// openSource opens what tells of the sockets at one address.
func openSource(netns, address string) (source, error) {
	if name, ok := strings.CutPrefix(address, "unix:"); ok {
		return sockdiag.OpenUnix(netns, name)
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("address of the server: %w", err)
	}
	return sockdiag.OpenInet(netns, at.Port())
}

// sources are those of all addresses of one server, as if they were one.
type sources []source

// openSources opens the sources of all addresses. One port may be listened to at several addresses, and its source
// tells of all of these.
func openSources(netns string, addresses []string) (sources, error) {
	all := sources{}
	ports := map[uint16]bool{}
	for _, address := range addresses {
		if at, err := netip.ParseAddrPort(address); err == nil && ports[at.Port()] {
			continue
		} else if err == nil {
			ports[at.Port()] = true
		}
		one, err := openSource(netns, address)
		if err != nil {
			all.Close()
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// All appends every socket.
func (all sources) All(into []sockdiag.Connection) ([]sockdiag.Connection, error) {
	for _, one := range all {
		var err error
		if into, err = one.All(into); err != nil {
			return into, err
		}
	}
	return into, nil
}

// Some appends the listeners and those of known that are still there.
func (all sources) Some(into, known []sockdiag.Connection) ([]sockdiag.Connection, error) {
	if len(all) == 1 {
		return all[0].Some(into, known)
	}
	for _, one := range all {
		var err error
		if into, err = one.Some(into, ofSource(one, known)); err != nil {
			return into, err
		}
	}
	return into, nil
}

// ofSource are those connections that a source tells of.
func ofSource(one source, known []sockdiag.Connection) []sockdiag.Connection {
	inet, ok := one.(*sockdiag.Inet)
	if !ok {
		return nil // a unix source reads its whole table
	}
	var mine []sockdiag.Connection
	for i := range known {
		if !known[i].Local && known[i].Port == inet.Port() {
			mine = append(mine, known[i])
		}
	}
	return mine
}

// Close closes all.
func (all sources) Close() {
	for _, one := range all {
		one.Close()
	}
}
