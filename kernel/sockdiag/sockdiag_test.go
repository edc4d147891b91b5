package sockdiag

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The test binary is also a process in a network namespace of its own that listens there.
const roleEnv = "HANGTIME_SOCKDIAG_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) != "" {
		l, err := net.Listen("tcp", ":0") // the namespace has no address yet
		if err != nil {
			panic(err)
		}
		fmt.Println(l.Addr().(*net.TCPAddr).Port)
		_, _ = bufio.NewReader(os.Stdin).ReadByte() // until the test ends
		return
	}
	os.Exit(m.Run())
}

// elsewhere starts it, and returns its pid and the port.
func elsewhere(t *testing.T) (pid, port int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=listen")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 { // it may have one in a user namespace of its own
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	if _, err := fmt.Fscan(out, &port); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid, port
}

func ports(t *testing.T, c *Conn) []int {
	t.Helper()
	var all []int
	if err := c.Flows("tcp", 1<<Listen, func(f Flow) error {
		all = append(all, int(f.Local.Port()))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func listening(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func TestTheSocketsOfAnotherNetworkNamespaceAreTold(t *testing.T) {
	ours := listening(t)
	pid, theirs := elsewhere(t)
	conn, err := Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if os.Geteuid() != 0 {
		if !errors.Is(err, unix.EPERM) {
			t.Errorf("without the right to enter it: %v, want EPERM", err)
		}
	} else {
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if got := ports(t, conn); !slices.Equal(got, []int{theirs}) {
			t.Errorf("in the other namespace %v listen, want %d alone", got, theirs)
		}
	}
	home, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	threads, err := filepath.Glob("/proc/self/task/*/ns/net")
	if err != nil || len(threads) == 0 {
		t.Fatal("no threads", err)
	}
	for _, thread := range threads {
		if now, err := os.Readlink(thread); err == nil && now != home {
			t.Errorf("%s is left in %s, want %s", thread, now, home)
		}
	}
	for _, netns := range []string{"", "/proc/self/ns/net"} { // both take no right
		conn, err := Open(netns)
		if err != nil {
			t.Fatal(err)
		}
		if got := ports(t, conn); !slices.Contains(got, ours) {
			t.Errorf("%q: %d is not among %v", netns, ours, got)
		}
		conn.Close()
	}
	if _, err := Open("/proc/self/ns/none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a namespace that is none: %v", err)
	}
}

func TestTheConnectionsOfAPortAreTold(t *testing.T) {
	port := listening(t)
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	s, err := OpenInet("", uint16(port))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all, err := s.All(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Some(nil, slices.Clone(all))
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range [][]Connection{all, again} {
		var listener, accepted *Connection
		for j := range got {
			switch got[j].State {
			case Listen:
				listener = &got[j]
			case Established:
				accepted = &got[j]
			}
		}
		if len(got) != 2 || listener == nil || accepted == nil {
			t.Fatalf("look %d: %+v", i, got)
		}
		if listener.Unread != 1 || accepted.Received != 5 || accepted.Unread != 5 || accepted.Inode != 0 ||
			int(accepted.Peer) != c.LocalAddr().(*net.TCPAddr).Port {
			t.Errorf("look %d: the listener %+v\nwhat waits in its backlog %+v", i, listener, accepted)
		}
	}
}

func TestTheUnixSocketsOfANameAreTold(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "s"), fmt.Sprintf("@hangtime-sockdiag-%d", os.Getpid())} {
		l, err := net.Listen("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := net.Dial("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		s, err := OpenUnix("", name)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		all, err := s.All(nil)
		i := slices.IndexFunc(all, func(one Connection) bool { return one.State == Listen })
		if err != nil || i < 0 || all[i].Unread != 1 || all[i].Unsent == 0 || !all[i].Local {
			t.Errorf("%s: %+v (%v)", strings.TrimPrefix(name, os.TempDir()), all, err)
		}
	}
}

func FuzzUnixSocket(f *testing.F) {
	f.Add([]byte{1, 1, 10, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 'a', 0})
	f.Fuzz(func(_ *testing.T, body []byte) { _, _ = parseUnix(body) })
}

func FuzzFlow(f *testing.F) {
	f.Add(make([]byte, messageSize))
	f.Fuzz(func(_ *testing.T, body []byte) {
		if flow, err := parseFlow(body, unix.IPPROTO_UDP); err == nil {
			_ = flow.Local.String() + flow.Remote.String() + StateName(flow.State)
		}
	})
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte{20, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 254, 255, 255, 255}, uint32(1))
	f.Fuzz(func(_ *testing.T, data []byte, seq uint32) {
		_, _ = parseAnswers(data, seq, func(body []byte) error { _, err := parseConnection(body); return err })
	})
}

func FuzzSocketDump(f *testing.F) {
	f.Add([]byte{20, 0, 0, 0, 3, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, uint32(1))
	f.Fuzz(func(_ *testing.T, data []byte, seq uint32) {
		_, _ = parseDump(data, seq, func(body []byte) error { _, err := parseConnection(body); return err })
	})
}

// A connection is found by the addresses of its two sides, also by mapped ones of a socket that takes both families.
func TestAConnectionIsFoundByItsAddresses(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0", "[::]:0"} {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(l.Addr().(*net.TCPAddr).Port))
		if at == "[::1]:0" {
			to = netip.AddrPortFrom(netip.IPv6Loopback(), to.Port())
		}
		client, err := net.Dial("tcp", to.String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Write([]byte("four")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(accepted, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
		from := client.LocalAddr().(*net.TCPAddr).AddrPort()
		if at == "[::]:0" { // as the kernel has it in an IPv6 socket
			to = netip.AddrPortFrom(netip.AddrFrom16(to.Addr().As16()), to.Port())
			from = netip.AddrPortFrom(netip.AddrFrom16(from.Addr().As16()), from.Port())
		}
		inet, err := OpenInet("", to.Port())
		if err != nil {
			t.Fatal(err)
		}
		got, err := inet.Some(nil, []Connection{Named(to, from, 1)})
		if err != nil || len(got) != 1 || got[0].Received != 4 || got[0].Inode <= 1 || got[0].Peer != from.Port() {
			t.Errorf("%s: %+v (%v), want the connection from %s with four bytes", at, got, err, from)
		}
		inet.Close()
		for _, c := range []io.Closer{client, accepted, l} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestWhatAListenerDroppedIsTold: of itself alone, not of others that listen beside it.
func TestWhatAListenerDroppedIsTold(t *testing.T) {
	listen := func() (fd, port int) {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			t.Fatal(err)
		}
		if err := unix.Listen(fd, 1); err != nil { // room for two
			t.Fatal(err)
		}
		name, err := unix.Getsockname(fd)
		if err != nil {
			t.Fatal(err)
		}
		return fd, name.(*unix.SockaddrInet4).Port
	}
	_, full := listen()
	_, quiet := listen()
	for range 8 {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(fd) })
		err = unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: full})
		if err != nil && !errors.Is(err, unix.EINPROGRESS) {
			t.Fatal(err)
		}
	}
	for port, drops := range map[int]bool{full: true, quiet: false} {
		s, err := OpenInet("", uint16(port))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		all, err := s.All(nil)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(all, func(c Connection) bool { return c.State == Listen })
		if at < 0 || (all[at].Dropped > 0) != drops {
			t.Errorf("port %d: %+v, want some dropped: %v", port, all, drops)
		}
	}
}
