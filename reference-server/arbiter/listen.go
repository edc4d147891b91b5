package arbiter

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/reference-server/settings"
)

// A Listener is a listening socket that workers inherit.
type Listener struct {
	File    *os.File
	Address string // with the port that the system chose
	bind    string // what --bind says; of an inherited one its address
	path    string // of a unix socket
}

// Gunicorn tries an address that is in use five times, a second apart.
const (
	bindTries = 5
	bindPause = time.Second
)

// listenAll opens every address of --bind. With reuse-port the addresses are only held: each worker listens by itself.
func listenAll(cfg *settings.Config, who *syscall.Credential) ([]*Listener, error) {
	var all []*Listener
	for _, bind := range cfg.Bind {
		l, err := listen(bind, cfg, who)
		if err != nil {
			return nil, errors.Join(err, closeAll(all))
		}
		all = append(all, l)
	}
	return all, nil
}

// listen opens one address of --bind; it tries again while another process has it. The socket does not block: all
// workers share its flags.
func listen(bind string, cfg *settings.Config, who *syscall.Credential) (*Listener, error) {
	for try := 1; ; try++ {
		l, err := listenOnce(bind, cfg, who, !cfg.ReusePort)
		if err == nil || !errors.Is(err, unix.EADDRINUSE) || try == bindTries {
			return l, err
		}
		time.Sleep(bindPause)
	}
}

// rebind is what listens after the settings are read again: what stays as it was, for its own address is in use, and
// what is new. There is one try for each of these, for the arbiter must not be away from its workers. fresh are the
// new ones among all; when one of them cannot be opened, none is.
func rebind(left []*Listener, was, next *settings.Config, who *syscall.Credential) (all, fresh []*Listener, err error) {
	left = slices.Clone(left)
	for _, bind := range next.Bind {
		if i := slices.IndexFunc(left, func(l *Listener) bool { return l.serves(bind) }); i >= 0 {
			if left[i].path == "" && next.ReusePort != was.ReusePort {
				return nil, nil, errors.Join(fmt.Errorf("reuse-port: it cannot be changed by a reload for an address that stays, %s", bind), closeAll(fresh))
			}
			all, left = append(all, left[i]), slices.Delete(left, i, i+1)
			continue
		}
		l, err := listenOnce(bind, next, who, !next.ReusePort)
		if err != nil {
			return nil, nil, errors.Join(err, closeAll(fresh))
		}
		all, fresh = append(all, l), append(fresh, l)
	}
	return all, fresh, nil
}

// serves says whether this is the listener of an address of --bind, however that is written.
func (l *Listener) serves(bind string) bool {
	has, err1 := settings.ParseBind(l.bind)
	want, err2 := settings.ParseBind(bind)
	return err1 == nil && err2 == nil && has == want
}

func closeAll(listeners []*Listener) error {
	var err error
	for _, l := range listeners {
		err = errors.Join(err, l.Close(true))
	}
	return err
}

// own is a socket of the worker's own for the same address.
func (l *Listener) own(cfg *settings.Config) (*Listener, error) {
	return listenOnce(l.Address, cfg, nil, true)
}

func listenOnce(bind string, cfg *settings.Config, who *syscall.Credential, accepts bool) (*Listener, error) {
	family, address, path, err := parseBind(bind)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("bind %s: %w", bind, err)
	}
	l := &Listener{File: os.NewFile(uintptr(fd), bind), bind: bind, path: path}
	if path != "" {
		err = bindPath(fd, path, address, cfg, who)
	} else {
		err = bindPort(fd, address, cfg.ReusePort)
	}
	if err == nil && (accepts || path != "") {
		err = unix.Listen(fd, cfg.Backlog)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bind %s: %w", bind, err), l.File.Close())
	}
	l.Address, err = addressOf(fd)
	return l, err
}

func bindPort(fd int, address unix.Sockaddr, reusePort bool) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if reusePort {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return err
		}
	}
	return unix.Bind(fd, address)
}

// bindPath makes the socket's file with the mode that umask leaves, for whom workers run as. A file that a server
// left that is gone is replaced; bind(2) would refuse.
func bindPath(fd int, path string, address unix.Sockaddr, cfg *settings.Config, who *syscall.Credential) error {
	if st, err := os.Lstat(path); err == nil && st.Mode()&os.ModeSocket != 0 {
		if answers(path) {
			return unix.EADDRINUSE
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	mask, err := cfg.UmaskBits()
	if err != nil {
		return err
	}
	old := unix.Umask(mask)
	err = unix.Bind(fd, address)
	unix.Umask(old)
	if err == nil && who != nil {
		err = os.Chown(path, int(who.Uid), int(who.Gid))
	}
	return err
}

// answers says whether somebody listens on the path; gunicorn does not ask, and takes the path from a server that runs.
func answers(path string) bool {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

func unixPath(address string) (path string, ok bool) { return strings.CutPrefix(address, "unix:") }

// parseBind is an address of --bind as the system calls take it.
func parseBind(bind string) (family int, address unix.Sockaddr, path string, err error) {
	b, err := settings.ParseBind(bind)
	switch {
	case err != nil:
		return 0, nil, "", err
	case b.Path != "":
		return unix.AF_UNIX, &unix.SockaddrUnix{Name: b.Path}, b.Path, nil
	case b.Address.Addr().Is4():
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(b.Address.Port()), Addr: b.Address.Addr().As4()}, "", nil
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(b.Address.Port()), Addr: b.Address.Addr().As16()}, "", nil
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
