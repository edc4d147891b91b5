package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// clientsHarm opens connections that keep a server busy without asking for anything: that send a request a byte at a time
// (slow-client), or nothing (connection-flood). They are sockets of this process: with it they are closed.
type clientsHarm struct {
	address string
	count   int
	pause   time.Duration // between two bytes; 0: nothing is sent
}

func prepareClients(f scenarios.Fault, field Field, _ *Guardian) (harm, error) {
	if err := needLoopback(field.Base); err != nil {
		return nil, err
	}
	u, err := url.Parse(field.Base)
	if err != nil {
		return nil, err
	}
	c := clientsHarm{address: u.Host, count: max(f.Connections, 1)}
	if u.Port() == "" {
		c.address = net.JoinHostPort(u.Hostname(), cmp.Or(map[string]string{"https": "443"}[u.Scheme], "80"))
	}
	if f.Kind == "slow-client" {
		c.pause = cmp.Or(f.Delay, time.Second)
	}
	return c, nil
}

func (c clientsHarm) aim(_ context.Context) ([]target, error) {
	return []target{{words: "the server at " + c.address}}, nil
}

const (
	dialLimit = 2 * time.Second
	dialsAtA  = 64 // at once
	redialAt  = 100 * time.Millisecond
)

// slowRequest is what a slow client sends: its body never comes.
const slowRequest = "POST /task HTTP/1.1\r\nHost: hangtime.test\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n"

func (c clientsHarm) strike(ctx context.Context, _ target) (effect, error) {
	open, end := context.WithCancel(context.WithoutCancel(ctx))
	var hands sync.WaitGroup
	var accepted, refused, connected atomic.Int64 // connected: now; the others: ever
	first := make(chan struct{}, c.count)         // one word from each: its first attempt is over
	turns := make(chan struct{}, dialsAtA)
	for range c.count {
		hands.Go(func() {
			told := sync.OnceFunc(func() { first <- struct{}{} })
			for open.Err() == nil {
				c.one(open, turns, func(err error) {
					if err == nil {
						accepted.Add(1)
						connected.Add(1)
					} else {
						refused.Add(1)
					}
					told()
				}, func() { connected.Add(-1) })
				sleep(open, redialAt)
			}
		})
	}
	heal := func() (string, error) {
		end()
		hands.Wait()
		return "", nil
	}
	patience := time.NewTimer(2 * dialLimit) // for all together
	defer patience.Stop()
	for range c.count {
		select {
		case <-first:
			continue
		case <-patience.C: // the rest goes on trying
		case <-ctx.Done():
		}
		break
	}
	if accepted.Load() == 0 {
		_, _ = heal()
		return effect{}, fmt.Errorf("none of %d connections to %s was accepted (%d refused)", c.count, c.address,
			refused.Load())
	}
	detail := fmt.Sprintf("%d of %d connections are open and send nothing", connected.Load(), c.count)
	if c.pause > 0 {
		detail = fmt.Sprintf("%d of %d connections are open and send a byte every %v", connected.Load(), c.count, c.pause)
	}
	return effect{detail: detail, heal: heal}, nil
}

// one is a single connection from its opening until the server closes it or ctx ends.
func (c clientsHarm) one(ctx context.Context, turns chan struct{}, told func(error), closed func()) {
	select {
	case turns <- struct{}{}:
	case <-ctx.Done():
		return
	}
	d := net.Dialer{Timeout: dialLimit}
	conn, err := d.DialContext(ctx, "tcp", c.address)
	<-turns
	told(err)
	if err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer func() {
		stop()
		_ = conn.Close()
		closed()
	}()
	if c.pause == 0 {
		_, _ = conn.Read(make([]byte, 512)) // an answer to nothing, or its end
		return
	}
	for i := 0; ; i++ {
		b := byte('x') // of the body
		if i < len(slowRequest) {
			b = slowRequest[i]
		}
		if _, err := conn.Write([]byte{b}); err != nil {
			return
		}
		// Until the next byte, or until the server is tired of it.
		_ = conn.SetReadDeadline(time.Now().Add(c.pause))
		if ctx.Err() != nil {
			return
		}
		var timeout net.Error
		if _, err := conn.Read(make([]byte, 512)); !(errors.As(err, &timeout) && timeout.Timeout()) || ctx.Err() != nil {
			return
		}
	}
}
