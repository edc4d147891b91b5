package tasks

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// An upstream is the service that work `socket` and `dns` ask, with blocking system calls and without a timeout, as a
// careless application does. Unless another address is given it is a responder in this process, which answers after
// the time that the question names.
type upstream struct {
	address string // given; empty: own

	mu  sync.Mutex
	own *responder
}

// at is where to ask.
func (u *upstream) at(udp bool) (netip.AddrPort, error) {
	if u.address != "" {
		return netip.ParseAddrPort(u.address)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.own == nil {
		own, err := newResponder()
		if err != nil {
			return netip.AddrPort{}, err
		}
		u.own = own
	}
	if udp {
		return u.own.udp.LocalAddr().(*net.UDPAddr).AddrPort(), nil
	}
	return u.own.tcp.Addr().(*net.TCPAddr).AddrPort(), nil
}

func (u *upstream) close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.own == nil {
		return nil
	}
	err := u.own.close()
	u.own = nil
	return err
}

// ask connects, sends how long the answer shall take, and waits for it.
func (u *upstream) ask(d time.Duration) error {
	_, err := u.exchange(unix.SOCK_STREAM, append([]byte(d.String()), '\n'))
	return err
}

// resolve asks for the address of a name that says how long the answer shall take: 20ms.hangtime.test.
func (u *upstream) resolve(d time.Duration) error {
	name, err := dnsmessage.NewName(strconv.FormatInt(d.Microseconds(), 10) + "us.hangtime.test.")
	if err != nil {
		return err
	}
	question := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 1, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	packet, err := question.Pack()
	if err != nil {
		return err
	}
	answer, err := u.exchange(unix.SOCK_DGRAM, packet)
	if err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(answer); err != nil {
		return fmt.Errorf("resolve %s: %w", name, err)
	}
	return nil
}

func (u *upstream) exchange(kind int, question []byte) ([]byte, error) {
	to, err := u.at(kind == unix.SOCK_DGRAM)
	if err != nil {
		return nil, fmt.Errorf("ask upstream: %w", err)
	}
	if !to.Addr().Unmap().Is4() || !to.Addr().IsLoopback() {
		return nil, fmt.Errorf("ask upstream %s: want an address in 127.0.0.0/8", to)
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("ask upstream: %w", err)
	}
	defer func() { _ = unix.Close(fd) }() // nothing was written that a failed close could lose
	address := &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().Unmap().As4()}
	if err := again(func() error { return unix.Connect(fd, address) }); err != nil {
		return nil, fmt.Errorf("connect to upstream %s: %w", to, err)
	}
	if err := again(func() error { _, err := unix.Write(fd, question); return err }); err != nil {
		return nil, fmt.Errorf("ask upstream %s: %w", to, err)
	}
	answer := make([]byte, 512)
	n := 0
	if err := again(func() (err error) { n, _, err = unix.Recvfrom(fd, answer, 0); return err }); err != nil {
		return nil, fmt.Errorf("wait for upstream %s: %w", to, err)
	}
	if n == 0 {
		return nil, fmt.Errorf("upstream %s closed the connection without an answer", to)
	}
	return answer[:n], nil
}

func again(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// A responder answers after the time that the question names.
type responder struct {
	tcp   net.Listener
	udp   *net.UDPConn
	ended sync.WaitGroup
	stop  chan struct{}
}

func newResponder() (*responder, error) {
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, errors.Join(err, tcp.Close())
	}
	r := &responder{tcp: tcp, udp: udp, stop: make(chan struct{})}
	r.ended.Go(r.serveTCP)
	r.ended.Go(r.serveUDP)
	return r, nil
}

func (r *responder) close() error {
	close(r.stop)
	err := errors.Join(r.tcp.Close(), r.udp.Close())
	r.ended.Wait()
	return err
}

// wait is false when the responder closes first.
func (r *responder) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.stop:
		return false
	}
}

func (r *responder) serveTCP() {
	for {
		conn, err := r.tcp.Accept()
		if err != nil {
			return
		}
		r.ended.Go(func() {
			defer func() { _ = conn.Close() }() // the other side is this process: it sees what it got
			line := make([]byte, 64)
			n, err := conn.Read(line)
			if err != nil {
				return
			}
			d, err := time.ParseDuration(strings.TrimSpace(string(line[:n])))
			if err == nil && r.wait(d) {
				_, _ = conn.Write([]byte("done\n"))
			}
		})
	}
}

func (r *responder) serveUDP() {
	packet := make([]byte, 512)
	for {
		n, from, err := r.udp.ReadFromUDPAddrPort(packet)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(packet[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		label, _, _ := strings.Cut(m.Questions[0].Name.String(), ".")
		d, err := time.ParseDuration(label)
		if err != nil {
			continue
		}
		r.ended.Go(func() {
			if !r.wait(d) {
				return
			}
			m.Response = true
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA,
					Class: dnsmessage.ClassINET},
				Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			}}
			if answer, err := m.Pack(); err == nil {
				_, _ = r.udp.WriteToUDPAddrPort(answer, from)
			}
		})
	}
}
