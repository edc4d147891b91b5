// Package sockdiag asks the kernel which sockets there are, in whose queues what lies, and when something last came
// or went (sock_diag(7)). It does not say what that means.
package sockdiag

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Open makes a connection to the kernel that tells of the sockets in one network namespace: that of the path, as
// "/proc/PID/ns/net"; empty: our own. Another one than our own takes CAP_SYS_ADMIN (setns(2)); where the path leads
// to our own it takes nothing. The connection goes on telling of that namespace, whatever becomes of the process.
func Open(netns string) (*Conn, error) {
	if netns == "" {
		return open()
	}
	there, err := unix.Open(netns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the network namespace %s: %w", netns, err)
	}
	defer unix.Close(there)
	here, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open our own network namespace: %w", err)
	}
	defer unix.Close(here)
	if same(there, here) {
		return open()
	}
	type answer struct {
		conn *Conn
		err  error
	}
	done := make(chan answer)
	go func() {
		// A namespace is a thread's: no other goroutine may run on this one until it is back in ours. Where it cannot
		// go back it ends with this goroutine.
		runtime.LockOSThread()
		conn, back, err := openIn(there, here)
		if back {
			runtime.UnlockOSThread()
		}
		done <- answer{conn, err}
	}()
	got := <-done
	if got.err != nil {
		return nil, fmt.Errorf("ask for the sockets of the network namespace %s: %w", netns, got.err)
	}
	return got.conn, nil
}

// same says whether two descriptors are of one file.
func same(a, b int) bool {
	var first, second unix.Stat_t
	return unix.Fstat(a, &first) == nil && unix.Fstat(b, &second) == nil && first.Dev == second.Dev &&
		first.Ino == second.Ino
}

// openIn goes to a namespace, opens a connection, and goes back, and says whether this thread is where it was.
func openIn(there, here int) (conn *Conn, back bool, err error) {
	if err := unix.Setns(there, unix.CLONE_NEWNET); err != nil {
		return nil, true, err
	}
	conn, err = open()
	if wrong := unix.Setns(here, unix.CLONE_NEWNET); wrong != nil {
		if conn != nil {
			conn.Close()
		}
		return nil, false, errors.Join(err, fmt.Errorf("go back to our own: %w", wrong))
	}
	return conn, true, err
}

func open() (*Conn, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, fmt.Errorf("ask the kernel for sockets (sock_diag): %w", err)
	}
	// A dump is made on the fly as it is read: it ends, but a bug in between must not hang the caller.
	limit := unix.NsecToTimeval(int64(time.Second))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return nil, errors.Join(fmt.Errorf("limit the wait for sock_diag: %w", err), unix.Close(fd))
	}
	return &Conn{fd: fd, buf: make([]byte, 64<<10), to: unix.SockaddrNetlink{Family: unix.AF_NETLINK}}, nil
}
