package http1

import (
	"fmt"
	"net"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/loadgen/hosts"
)

// An address is one that a server's name stands for.
type address struct {
	family int
	to     unix.Sockaddr
	text   string
}

// dial begins a connection; it is usually not there yet when it returns.
func (a *address) dial() (fd int, connected bool, err error) {
	fd, err = unix.Socket(a.family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, false, fmt.Errorf("socket: %w", err)
	}
	if a.family != unix.AF_UNIX {
		// Without it the end of a large request waits for the server's acknowledgement (Nagle).
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	switch err = unix.Connect(fd, a.to); err {
	case nil:
		return fd, true, nil
	case unix.EINPROGRESS:
		return fd, false, nil
	}
	closeSocket(fd)
	return -1, false, fmt.Errorf("connect to %s: %w", a.text, err)
}

// connectError is why a connection did not come about.
func connectError(fd int, a *address) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = unix.Errno(n)
	}
	if err == nil {
		err = unix.ECONNRESET
	}
	return fmt.Errorf("connect to %s: %w", a.text, err)
}

// addressesOf are all addresses of host:port, in the resolver's order; socket is a unix socket's path, which goes before.
func addressesOf(hostport, socket string, known hosts.Known) ([]address, error) {
	if socket != "" {
		return []address{{unix.AF_UNIX, &unix.SockaddrUnix{Name: socket}, socket}}, nil
	}
	host, portText, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	ips, err := known.Of(host)
	if err != nil {
		return nil, err
	}
	var all []address
	for _, ip := range ips {
		text := net.JoinHostPort(ip.String(), strconv.Itoa(port))
		if v4 := ip.IP.To4(); v4 != nil {
			all = append(all, address{unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: [4]byte(v4)}, text})
			continue
		}
		to := &unix.SockaddrInet6{Port: port, Addr: [16]byte(ip.IP.To16())}
		if zone, err := net.InterfaceByName(ip.Zone); err == nil {
			to.ZoneId = uint32(zone.Index)
		}
		all = append(all, address{unix.AF_INET6, to, text})
	}
	return all, nil
}
