package scenarios

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// mostPort is the last port of TCP.
const mostPort = 65535

// validPort says why a port cannot be connected to.
func validPort(port string) error {
	n, err := strconv.ParseUint(port, 10, 64)
	if err != nil || n < 1 || n > mostPort {
		return fmt.Errorf("%q is no port; want 1 to %d", port, mostPort)
	}
	return nil
}

// validAddress says why a text is no HOST:PORT.
func validAddress(text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '/' }) {
		return fmt.Errorf("%q: want host and port, such as 127.0.0.1:8000", text)
	}
	return validPort(port)
}

// ParseURL reads the address of a server as a person writes it: http://HOST:PORT/PATH, without http:// too.
func ParseURL(text string) (*url.URL, error) {
	const want = "want a URL such as http://127.0.0.1:8000/"
	whole := text
	if !strings.Contains(whole, "://") {
		whole = "http://" + whole
	}
	u, err := url.Parse(whole)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q: %s", text, want)
	}
	if port := u.Port(); port != "" {
		if err := validPort(port); err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
	}
	return u, nil
}

// validLoopback says why a text is no HOST:PORT of this machine's loopback.
func validLoopback(text string) error {
	host, port, err := net.SplitHostPort(text)
	if ip := net.ParseIP(host); err != nil || validPort(port) != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%q: want an address and port of this machine's loopback, such as 127.0.0.1:5432", text)
	}
	return nil
}
