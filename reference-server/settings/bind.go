package settings

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// A Bind is one address to listen on: a path or an address with a port.
type Bind struct {
	Path    string // of a unix socket
	Address netip.AddrPort
}

// unixPathMax is what fits into a socket's address, unix(7).
const unixPathMax = 107

// ParseBind reads HOST:PORT, :PORT, HOST or unix:PATH; gunicorn's default port is 8000.
func ParseBind(text string) (Bind, error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if path == "" || len(path) > unixPathMax {
			return Bind{}, fmt.Errorf("bind: want unix: and a path of at most %d bytes, got %q", unixPathMax, text)
		}
		return Bind{Path: path}, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.Trim(text, "[]"), "8000"
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return Bind{}, fmt.Errorf("bind: want HOST:PORT or unix:PATH, got %q", text)
	}
	switch host {
	case "":
		host = "0.0.0.0"
	case "localhost":
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return Bind{}, fmt.Errorf("bind: want an address such as 127.0.0.1:8000, got %q", text)
	}
	return Bind{Address: netip.AddrPortFrom(ip.Unmap(), uint16(number))}, nil
}
