package http1

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen/hit"
	"github.com/hangtime-dev/hangtime/loadgen/request"
	"github.com/hangtime-dev/hangtime/loadgen/schedule"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// pair is two ends of a TCP connection on the loopback: a socket of ours as the engine has them, and the server's.
func pair(t *testing.T) (fd int, server net.Conn) {
	t.Helper()
	l := listen(t)
	defer l.Close()
	a := address{unix.AF_INET, &unix.SockaddrInet4{Port: l.Addr().(*net.TCPAddr).Port, Addr: [4]byte{127, 0, 0, 1}}, ""}
	fd, _, err := a.dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeSocket(fd) })
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return fd, server
}

// noting is a pair of which the kernel notes the moments by now: it begins a little later than it is asked to, and for
// all sockets.
func noting(t *testing.T) (fd int, server net.Conn) {
	t.Helper()
	fd, server = pair(t)
	stamp(fd)
	var r stampReader
	buf := make([]byte, 64)
	for range 1_000_000 {
		if _, err := server.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if r.await(t, fd, buf) != 0 {
			return fd, server
		}
	}
	t.Fatal("the kernel notes no moments")
	return 0, nil
}

// await reads the one byte that comes.
func (r *stampReader) await(t *testing.T, fd int, buf []byte) (came int64) {
	t.Helper()
	n, came, errno := r.receive(fd, buf)
	for errno == unix.EAGAIN {
		n, came, errno = r.receive(fd, buf)
	}
	if n != 1 || errno != 0 {
		t.Fatalf("%d bytes, %d", n, errno)
	}
	return came
}

// Whenever it is read, a segment has the moment at which it came: on the loopback that is while the server writes it.
func TestTheKernelSaysWhenASegmentCame(t *testing.T) {
	fd, server := noting(t)
	var r stampReader
	buf := make([]byte, 64)
	for range 100 {
		before := time.Now()
		if _, err := server.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		after := time.Now()
		if came := r.await(t, fd, buf); came < before.UnixNano() || came > after.UnixNano() {
			t.Errorf("came at %v, which is not between %v and %v", time.Unix(0, came), before, after)
		}
	}
	if n, came, errno := r.receive(fd, buf); n != 0 || came != 0 || errno != unix.EAGAIN {
		t.Errorf("of nothing: %d bytes, %d, %v", n, came, errno)
	}
}

// A moment that cannot be is not believed: the wall clock may be set at any time.
func TestAMomentOutsideOfItsHitIsNotBelieved(t *testing.T) {
	var e receiver
	e.job = &hit.Job{Rec: history.NewRecorder(time.Now().Add(-time.Hour))}
	now := time.Now()
	for name, c := range map[string]struct {
		came int64
		sent time.Duration
		want bool
	}{
		"a second ago, of a hit sent two seconds ago": {now.Add(-time.Second).UnixNano(), time.Hour - 2*time.Second, true},
		"before the hit was sent": {now.Add(-3 * time.Second).UnixNano(),
			time.Hour - 2*time.Second, false},
		"in an hour": {now.Add(time.Hour).UnixNano(), time.Hour - 2*time.Second, false},
		"none":       {0, time.Hour - 2*time.Second, false},
	} {
		at, read := e.arrival(&conn{flight: flight{sent: c.sent}}, c.came)
		if believed := at != read; believed != c.want || at > read || at < c.sent {
			t.Errorf("%s: came at %v, read at %v; want believed %v", name, at, read, c.want)
		}
	}
}

// While the loop sleeps over answers, their moments stay those at which the server wrote them.
func TestResponseTimesAreTrueWhileTheLoopSleeps(t *testing.T) {
	noting(t)
	l := listen(t)
	const most = 4096
	var began, ended [most]atomic.Int64 // of the server's write, by hit, wall clock, ns
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			handlers.Go(func() {
				defer c.Close()
				buf, answer := make([]byte, 4096), []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					seq := seqOf(buf[:n])
					began[seq].Store(time.Now().UnixNano())
					_, _ = c.Write(answer)
					ended[seq].Store(time.Now().UnixNano())
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); handlers.Wait() })
	start := time.Now()
	job := &hit.Job{
		Rec: history.NewRecorder(start), Table: schedule.NewTimetable(schedule.Constant(4000), []uint32{0}),
		Senders: 64, Sink: hit.NewSink(), Hosts: loopback, Total: time.Second,
		Targets: []request.Target{{Method: "GET", URL: "http://" + l.Addr().String() + "/", Timeout: 5 * time.Second}},
	}
	e, why, err := New(job)
	if e == nil {
		t.Fatal(why, err)
	}
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e.sleep.awakeBy != 0 {
		t.Errorf("the loop did not sleep: %d answers more were to come in one piece", e.sleep.awakeBy)
	}
	all := job.Sink.Take(nil)
	in, early := 0, 0
	const blur = int64(time.Microsecond) // of two readings of clocks, and of the histogram's unit
	for _, r := range all {
		end := start.Round(0).Add(r.End).UnixNano()
		switch {
		case end < began[r.Seq].Load()-blur:
			early++
		case end <= ended[r.Seq].Load()+blur:
			in++
		}
	}
	if early > 0 || len(all) != 4000 || in < len(all)*99/100 {
		t.Errorf("of %d hits %d ended while the server wrote the answer and %d before; want all of 4000, and none",
			len(all), in, early)
	}
}

// seqOf reads the number of the hit.
func seqOf(text []byte) (n int) {
	_, rest, _ := bytes.Cut(text, []byte(request.SeqHeader+": "))
	for _, c := range rest {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}
