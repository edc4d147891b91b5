package golang

import (
	"encoding/binary"
	"net"
	"strconv"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// Fields of net/http's structs on 64-bit machines, the same in Go 1.21 to 1.27: conn and response in
// src/net/http/server.go, Request in request.go.
const (
	connRemote  = 32  // conn.remoteAddr
	connCurrent = 112 // conn.curReq, the response that is written
	connSize    = connCurrent + 8

	responseConn    = 0
	responseRequest = 8

	requestMethod = 0
	requestURI    = 192
	requestSize   = requestURI + 16

	maxMethod = 32
	maxURI    = 2048
)

// served is what a goroutine of an HTTP server works on. It serves the one connection as long as it lives.
type served struct {
	response, request uint64 // addresses: the next request has others
	stacks.Request
}

// requests tell what goroutines serve.
type requests struct {
	memory func(uint64, []byte) error
	slots  slots
	served map[uint64]served // by goroutine
}

// topSize is how much of the outermost end of a stack is looked at: it has the frame of (*conn).serve, which is the
// first of its goroutine.
const topSize = 2048

// of is what a goroutine of an HTTP/1 server works on, also one that runs. Its connection is proven by the
// response that it writes, which points back to it.
func (r *requests) of(s *seen) stacks.Request {
	if !strings.HasPrefix(s.began, serveGoroutine) {
		return stacks.Request{}
	}
	var conn [connSize]byte
	var response [16]byte
	var current uint64
	proves := func(at uint64) bool {
		if r.memory(at, conn[:]) != nil {
			return false
		}
		current = binary.LittleEndian.Uint64(conn[connCurrent:])
		return current != 0 && current%8 == 0 && r.memory(current, response[:]) == nil &&
			binary.LittleEndian.Uint64(response[responseConn:]) == at
	}
	top := r.top(s)
	if at := r.slots.guess(s.start, top); at == 0 || !proves(at) {
		if at = r.slots.learn(s.start, top, proves); at == 0 || !proves(at) {
			return stacks.Request{}
		}
	}
	address := binary.LittleEndian.Uint64(response[responseRequest:])
	if known := r.served[s.id]; known.response == current && known.request == address {
		return known.Request
	}
	var request [requestSize]byte
	if r.memory(address, request[:]) != nil {
		return stacks.Request{}
	}
	method, good := r.text(request[requestMethod:], maxMethod)
	uri, alsoGood := r.text(request[requestURI:], maxURI)
	if !good || !alsoGood || !strings.HasPrefix(uri, "/") ||
		strings.ContainsFunc(method, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return stacks.Request{}
	}
	remote, _ := r.text(conn[connRemote:], 64)
	found := stacks.Request{Method: method, Port: portOf(remote)}
	found.Path, found.Query, _ = strings.Cut(uri, "?")
	r.served[s.id] = served{current, address, found}
	return found
}

// top is the outermost part of a goroutine's stack, from its stack pointer on where that is known.
func (r *requests) top(s *seen) []byte {
	size := min(s.high-s.low, topSize)
	if reach := s.high - s.sp; s.stack != nil && uint64(len(s.stack)) == reach && reach >= size {
		return s.stack[reach-size:]
	}
	top := make([]byte, size)
	if r.memory(s.high-size, top) != nil {
		return nil
	}
	return top
}

// text is a string of the program, of which b has the header, and whether it could be read.
func (r *requests) text(b []byte, most uint64) (string, bool) {
	at, length := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	if length == 0 || length > most {
		return "", false
	}
	text := make([]byte, length)
	if r.memory(at, text) != nil {
		return "", false
	}
	return string(text), true
}

// forget drops what was kept of goroutines that ended.
func (r *requests) forget(work []stacks.Work) {
	if len(r.served) <= 2*len(work) {
		return
	}
	lives := make(map[uint64]bool, len(work))
	for i := range work {
		lives[work[i].ID] = true
	}
	for id := range r.served {
		if !lives[id] {
			delete(r.served, id)
		}
	}
}

func portOf(address string) int {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
