package arbiter

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Listener is a listening socket that workers inherit.
type Listener struct {
	File    *os.File
	Address string // with the port that the system chose
	path    string // of a unix socket
}

// Gunicorn tries an address that is in use five times, a second apart.
const (
	bindTries = 5
	bindPause = time.Second
)

// Listen opens one address of --bind. The socket does not block: all workers share its flags.
func Listen(bind string, backlog int, reusePort bool) (*Listener, error) {
	for try := 1; ; try++ {
		l, err := listenOnce(bind, backlog, reusePort)
		if err == nil || !errors.Is(err, unix.EADDRINUSE) || try == bindTries {
			return l, err
		}
		time.Sleep(bindPause)
	}
}

func listenOnce(bind string, backlog int, reusePort bool) (*Listener, error) {
	family, address, path, err := parseBind(bind)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("bind %s: %w", bind, err)
	}
	l := &Listener{File: os.NewFile(uintptr(fd), bind), path: path}
	if path != "" {
		if st, err := os.Lstat(path); err == nil && st.Mode()&os.ModeSocket != 0 {
			_ = os.Remove(path) // left by a server that is gone; bind says what is wrong if it stays
		}
	} else if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return nil, errors.Join(fmt.Errorf("bind %s: %w", bind, err), l.File.Close())
	}
	if reusePort && path == "" {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return nil, errors.Join(fmt.Errorf("bind %s: %w", bind, err), l.File.Close())
		}
	}
	if err := unix.Bind(fd, address); err != nil {
		return nil, errors.Join(fmt.Errorf("bind %s: %w", bind, err), l.File.Close())
	}
	if err := unix.Listen(fd, backlog); err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %s: %w", bind, err), l.File.Close())
	}
	l.Address, err = addressOf(fd)
	return l, err
}

// parseBind reads HOST:PORT, :PORT, HOST or unix:PATH; gunicorn's default port is 8000.
func parseBind(bind string) (family int, address unix.Sockaddr, path string, err error) {
	if path, ok := strings.CutPrefix(bind, "unix:"); ok {
		if path == "" || len(path) > 107 {
			return 0, nil, "", fmt.Errorf("bind: want unix: and a path of at most 107 bytes, got %q", bind)
		}
		return unix.AF_UNIX, &unix.SockaddrUnix{Name: path}, path, nil
	}
	host, port, err := net.SplitHostPort(bind)
	if err != nil {
		host, port = bind, "8000"
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0, nil, "", fmt.Errorf("bind: want HOST:PORT or unix:PATH, got %q", bind)
	}
	switch host {
	case "":
		host = "0.0.0.0"
	case "localhost":
		host = "127.0.0.1"
	}
	ip := net.ParseIP(host)
	switch {
	case ip == nil:
		return 0, nil, "", fmt.Errorf("bind: want an address such as 127.0.0.1:8000, got %q", bind)
	case ip.To4() != nil:
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(number), Addr: [4]byte(ip.To4())}, "", nil
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(number), Addr: [16]byte(ip)}, "", nil
}

func addressOf(fd int) (string, error) {
	name, err := unix.Getsockname(fd)
	if err != nil {
		return "", fmt.Errorf("read a listening socket's address: %w", err)
	}
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		return net.JoinHostPort(net.IP(a.Addr[:]).String(), strconv.Itoa(a.Port)), nil
	case *unix.SockaddrInet6:
		return net.JoinHostPort(net.IP(a.Addr[:]).String(), strconv.Itoa(a.Port)), nil
	case *unix.SockaddrUnix:
		return "unix:" + a.Name, nil
	}
	return "", fmt.Errorf("a listening socket has an address of the unknown kind %T", name)
}

// Close closes the arbiter's own descriptor; unlink also removes the path of a unix socket.
func (l *Listener) Close(unlink bool) error {
	if unlink && l.path != "" {
		_ = os.Remove(l.path)
	}
	return l.File.Close()
}
