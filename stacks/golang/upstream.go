package golang

import "github.com/hangtime-dev/hangtime/stacks"

// Fields on 64-bit machines, the same in Go 1.21 to 1.27: persistConn in src/net/http/transport.go, Reader in
// src/bufio/bufio.go, FD in src/internal/poll/fd_unix.go.
const (
	persistConn   = 88  // persistConn.conn: the connection itself, behind its type
	persistReader = 104 // persistConn.br
	persistSize   = persistReader + 8
	readerSource  = 32 // bufio.Reader.rd, behind its type
	pollFD        = 16 // poll.FD.Sysfd; net.netFD begins with it
	pollPoller    = 32 // poll.FD.pd
	tlsConn       = 8  // tls.Conn.conn, behind its type
)

const roundTrip = "net/http.(*persistConn).roundTrip"

// upstream is the wait of a goroutine that asked another server over HTTP/1 and waits for the answer. It waits in a
// select for another goroutine, which reads the connection: the descriptor of that connection is what it waits for in
// truth. The connection is proven by its buffered reader, which reads from it.
func upstream(memory func(uint64, []byte) error, known slots, s *seen) (stacks.Wait, bool) {
	c := s.call(roundTrip)
	if c == nil || s.on != "" {
		return stacks.Wait{}, false
	}
	var conn [persistSize]byte
	proves := func(at uint64) bool {
		return memory(at, conn[:]) == nil && wordAt(memory, word(conn[:], persistReader)+readerSource) == at
	}
	frame := c.bytes(s.stack)
	if at := known.guess(c.pc, frame); at == 0 || !proves(at) {
		if at = known.learn(c.pc, frame, proves); at == 0 || !proves(at) {
			return stacks.Wait{}, false
		}
	}
	of := word(conn[:], persistConn)
	for _, tcp := range []uint64{of, wordAt(memory, of+tlsConn)} {
		fd := wordAt(memory, tcp)
		number := wordAt(memory, fd+pollFD)
		if poller := wordAt(memory, fd+pollPoller); poller != 0 && number > 2 && number < 1<<31 &&
			wordAt(memory, poller+pollerFD) == number {
			return stacks.Wait{On: "socket", FD: int(number)}, true
		}
	}
	return stacks.Wait{}, false
}

// wordAt is the word at an address; 0: there is none.
func wordAt(memory func(uint64, []byte) error, at uint64) uint64 {
	var b [8]byte
	if memory(at, b[:]) != nil {
		return 0
	}
	return word(b[:], 0)
}
