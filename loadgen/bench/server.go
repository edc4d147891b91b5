package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// serveStats is what the server saw: what generators say is held against it.
type serveStats struct {
	Requests    int64 `json:"requests"`
	Connections int64 `json:"connections"`
	Killed      int64 `json:"killed"`       // requests whose connection was closed instead of answered
	FrozenAt    int64 `json:"frozen_at_us"` // since the first request
	FrozenFor   int64 `json:"frozen_for_us"`
	// From reading a request to answering it, outside of the standstill; 0 without -delay.
	DelayP50 int64 `json:"delay_p50_us"`
	// Arrivals in each millisecond: variance over mean (0: perfectly even, 1: Poisson), and the most.
	Dispersion float64 `json:"arrival_dispersion"`
	MostAMS    int     `json:"arrivals_most_in_1ms"`
	// With -delay: when each request was read and when each answer was written, since the first request, each list in
	// order of time.
	Read    []int64 `json:"read_us,omitempty"`
	Written []int64 `json:"written_us,omitempty"`
}

// serve answers every request with two bytes, from one thread and as cheaply as can be, so that the generator is what
// is measured.
func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:9310", "where to listen")
	freezeAt := flags.Duration("freeze-at", 0, "stand still this long after the first request")
	freezeFor := flags.Duration("freeze-for", 0, "for so long")
	killAt := flags.Int("kill-at", 0, "close each connection at its Nth request instead of answering")
	rst := flags.Bool("rst", false, "close by RST instead of FIN")
	once := flags.Bool("close", false, "one request a connection")
	delay := flags.Duration("delay", 0, "answer so long after each request")
	if err := flags.Parse(args); err != nil {
		return err
	}
	lfd, err := listen(*addr)
	if err != nil {
		return err
	}
	s := &server{lfd: lfd, freezeAt: *freezeAt, freezeFor: *freezeFor, killAt: *killAt, rst: *rst, once: *once,
		delay: *delay, conns: map[int32]*served{}}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	ended := make(chan struct{})
	go func() { s.loop(); close(ended) }()
	<-stop
	s.stopping.Store(true)
	<-ended
	out := serveStats{
		Requests: s.requests.Load(), Connections: s.accepted.Load(), Killed: s.killed.Load(),
		FrozenAt: s.frozenAt.Load(), FrozenFor: s.frozenFor.Load(),
		DelayP50: s.delays.middle().Microseconds(), Read: s.read, Written: s.written,
	}
	out.Dispersion, out.MostAMS = s.arrivals.even()
	return json.NewEncoder(os.Stdout).Encode(out)
}

func listen(addr string) (int, error) {
	tcp, err := net.ResolveTCPAddr("tcp4", addr)
	if err != nil {
		return -1, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: tcp.Port, Addr: [4]byte(tcp.IP.To4())}); err != nil {
		return -1, fmt.Errorf("bind %s: %w", addr, err)
	}
	return fd, unix.Listen(fd, 4096)
}

type server struct {
	lfd                 int
	freezeAt, freezeFor time.Duration
	killAt              int
	rst, once           bool
	delay               time.Duration
	late                []answerLater // in the order in which they are due
	delays              delays
	read, written       []int64
	arrivals            arrivals
	now                 time.Time // of this round of the loop
	stopping            atomic.Bool
	conns               map[int32]*served

	requests, accepted, killed, frozenAt, frozenFor atomic.Int64
}

type served struct {
	n    int
	head []byte
	body int // bytes of a request's body still to come
}

// answerLater is a request whose answer is delayed.
type answerLater struct {
	fd   int32
	conn *served
	read time.Time
}

var reply = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
var lastReply = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

func (s *server) loop() {
	runtime.LockOSThread()
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		panic(err)
	}
	add := func(fd int) {
		_ = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd,
			&unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP, Fd: int32(fd)})
	}
	add(s.lfd)
	events := make([]unix.EpollEvent, 256)
	buf := make([]byte, 64<<10)
	var first time.Time
	for {
		n, err := unix.EpollWait(ep, events, s.patience())
		if err != nil && err != unix.EINTR || s.stopping.Load() {
			return
		}
		s.now = time.Now()
		s.answerLate()
		for _, ev := range events[:max(n, 0)] {
			if int(ev.Fd) == s.lfd {
				for {
					fd, _, err := unix.Accept4(s.lfd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
					if err != nil {
						break
					}
					s.accepted.Add(1)
					s.conns[int32(fd)] = &served{}
					add(fd)
				}
				continue
			}
			if first.IsZero() {
				first = time.Now()
			}
			s.arrivals.first = first
			if at := time.Since(first); s.freezeFor > 0 && s.frozenFor.Load() == 0 && at >= s.freezeAt {
				s.frozenAt.Store(at.Microseconds())
				time.Sleep(s.freezeFor)
				s.frozenFor.Store((time.Since(first) - at).Microseconds())
				s.now = time.Now()
			}
			s.answer(ev.Fd, buf)
		}
	}
}

func (s *server) answer(fd int32, buf []byte) {
	c := s.conns[fd]
	n, err := unix.Read(int(fd), buf)
	if err == unix.EAGAIN {
		return
	}
	if n <= 0 {
		s.drop(fd)
		return
	}
	data := buf[:n]
	if len(c.head) > 0 {
		c.head = append(c.head, data...)
		data = c.head
	}
	for len(data) > 0 {
		if c.body > 0 {
			k := min(c.body, len(data))
			c.body -= k
			data = data[k:]
			continue
		}
		i := bytes.Index(data, []byte("\r\n\r\n"))
		if i < 0 {
			break
		}
		c.body = contentLength(data[:i+2])
		data = data[i+4:]
		s.requests.Add(1)
		s.arrivals.add(s.now)
		if c.n++; s.killAt > 0 && c.n >= s.killAt {
			s.killed.Add(1)
			if s.rst {
				_ = unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
			}
			s.drop(fd)
			return
		}
		if s.once {
			_, _ = unix.Write(int(fd), lastReply)
			s.drop(fd)
			return
		}
		if s.delay > 0 {
			s.late = append(s.late, answerLater{fd, c, s.now})
			s.read = append(s.read, time.Since(s.arrivals.first).Microseconds())
			continue
		}
		_, _ = unix.Write(int(fd), reply)
	}
	c.head = append(c.head[:0], data...)
}

// patience is how long the loop may wait, in milliseconds.
func (s *server) patience() int {
	if len(s.late) == 0 {
		return 100
	}
	left := time.Until(s.late[0].read.Add(s.delay))
	return int(max(left+time.Millisecond-1, 0) / time.Millisecond)
}

// answerLate writes the answers whose delay is over.
func (s *server) answerLate() {
	for len(s.late) > 0 && s.now.Sub(s.late[0].read) >= s.delay {
		one := s.late[0]
		s.late = s.late[1:]
		if s.conns[one.fd] == one.conn {
			_, _ = unix.Write(int(one.fd), reply)
			s.delays = append(s.delays, s.now.Sub(one.read))
			s.written = append(s.written, time.Since(s.arrivals.first).Microseconds())
		}
	}
}

func (s *server) drop(fd int32) {
	delete(s.conns, fd)
	unix.Close(int(fd))
}

func contentLength(head []byte) int {
	_, rest, ok := bytes.Cut(head, []byte("Content-Length: "))
	if !ok {
		return 0
	}
	text, _, _ := bytes.Cut(rest, []byte("\r\n"))
	n, _ := strconv.Atoi(string(text))
	return n
}
