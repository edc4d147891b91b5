package http1

import (
	"bytes"
	"errors"

	"github.com/hangtime-dev/hangtime/loadgen/hit"
)

// Limits of an answer.
const (
	MaxHead  = 1 << 20     // bytes of the status line and headers, of interim answers too
	MaxBody  = hit.MaxBody // bytes of a body that are kept, where they are asked for
	maxChunk = 4096        // bytes of the line that begins a chunk
	excess   = 16 << 10    // bytes of chunk lines beyond what the data explains
)

// Errors of answers that are not HTTP.
var (
	ErrStatusLine = errors.New("malformed status line")
	ErrHeader     = errors.New("malformed header line")
	ErrTooLarge   = errors.New("the answer's head is larger than 1 MiB")
	ErrLength     = errors.New("bad Content-Length")
	ErrEncoding   = errors.New("unsupported Transfer-Encoding")
	ErrChunk      = errors.New("malformed chunked encoding")
)

// phase is the part of an answer that comes next.
type phase uint8

const (
	statusLine phase = iota
	headers
	counted   // a body of known length
	chunkLine // the line that begins a chunk
	chunkData //
	chunkEnd  // the CR LF after a chunk's data
	trailers  //
	untilEnd  // a body that ends with the connection
	done
)

// A Parser reads one answer as its bytes come, without allocating and without blocking; it knows nothing of sockets or
// time. The zero value is ready after Reset. It keeps to what net/http accepts and refuses: a fuzz test holds the two
// together.
type Parser struct {
	Status    int
	BodyBytes uint64 // of the body, without the chunks' framing
	Body      []byte // of what KeepFor says, at most MaxBody
	KeepFor   int    // status whose body is kept; 0: none, -1: any

	phase phase
	head  bool // of a HEAD request: there is no body
	framing
	left      int64  // bytes of body or chunk still to come
	headSize  int    // bytes of head so far
	excess    int64  // bytes of chunk framing beyond what the data explains
	line      []byte // the beginning of a line that has not ended
	held      []byte // the last header line that matters: it may be continued by the next
	matters   bool   // held is in use
	continues bool   // a line before could be continued
}

// A framing is what a head says of where its answer ends, and whether another may follow.
type framing struct {
	old       bool // HTTP/0.x or 1.0: closes unless it says otherwise
	close     bool
	keepAlive bool
	chunked   bool
	encodings int
	badTE     bool
	lengths   int
	length    int64
	badLength bool
}

// Reset makes the parser ready for the answer to a request; head says that the request's method was HEAD.
func (p *Parser) Reset(head bool) {
	p.Status, p.BodyBytes, p.Body, p.headSize, p.excess = 0, 0, p.Body[:0], 0, 0
	p.phase, p.head = statusLine, head
	p.line = p.line[:0]
	p.resetHead()
}

// resetHead forgets an interim answer.
func (p *Parser) resetHead() {
	p.framing = framing{}
	p.held, p.matters, p.continues = p.held[:0], false, false
}

// Done says whether the answer is whole.
func (p *Parser) Done() bool { return p.phase == done }

// Begun says whether anything of the answer has come.
func (p *Parser) Begun() bool { return p.headSize > 0 || len(p.line) > 0 }

// Reusable says whether the connection may carry another request; only meaningful when Done.
func (p *Parser) Reusable() bool {
	return !p.close && (!p.old || p.keepAlive) && p.phase == done
}

// End tells the parser that the connection ended; it returns whether the answer is whole now.
func (p *Parser) End() bool {
	if p.phase == untilEnd {
		p.phase = done
		p.close = true
	}
	return p.phase == done
}

// Feed reads more bytes and returns how many belong to this answer; fewer than all only when it is whole.
func (p *Parser) Feed(data []byte) (used int, err error) {
	for used < len(data) && p.phase != done {
		var n int
		switch p.phase {
		case counted, chunkData, untilEnd:
			n = p.body(data[used:])
		default:
			n, err = p.text(data[used:])
		}
		used += n
		if err != nil {
			return used, err
		}
	}
	return used, nil
}

// body takes bytes of the body.
func (p *Parser) body(data []byte) int {
	n := len(data)
	if p.phase != untilEnd && int64(n) > p.left {
		n = int(p.left)
	}
	p.BodyBytes += uint64(n)
	if (p.KeepFor == p.Status && p.KeepFor != 0 || p.KeepFor < 0) && len(p.Body) < MaxBody {
		p.Body = append(p.Body, data[:min(n, MaxBody-len(p.Body))]...)
	}
	if p.phase == untilEnd {
		return n
	}
	p.left -= int64(n)
	if p.left == 0 {
		if p.phase == counted {
			p.phase = done
		} else {
			p.phase, p.left = chunkEnd, 2
		}
	}
	return n
}

// text takes one line, or what there is of it.
func (p *Parser) text(data []byte) (int, error) {
	if p.phase == chunkEnd {
		return p.endChunk(data)
	}
	i := bytes.IndexByte(data, '\n')
	n := i + 1
	if i < 0 {
		n = len(data)
	}
	if p.phase == chunkLine {
		if len(p.line)+n > maxChunk {
			return 0, ErrChunk
		}
	} else if p.headSize += n; p.headSize > MaxHead {
		return 0, ErrTooLarge
	}
	if i < 0 {
		p.line = append(p.line, data...)
		return n, nil
	}
	line := data[:n]
	if len(p.line) > 0 {
		p.line = append(p.line, line...)
		line = p.line
	}
	err := p.whole(line)
	p.line = p.line[:0]
	return n, err
}

// endChunk takes the CR LF after a chunk's data.
func (p *Parser) endChunk(data []byte) (int, error) {
	if want := "\r\n"[2-p.left]; data[0] != want {
		return 0, ErrChunk
	}
	if p.left--; p.left == 0 {
		p.phase = chunkLine
	}
	return 1, nil
}

// whole takes a line with its LF.
func (p *Parser) whole(line []byte) error {
	if p.phase == chunkLine {
		return p.beginChunk(line)
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	} else if p.phase == trailers {
		return ErrChunk // as after a chunk's size, a bare LF is no end of a line here
	}
	if p.phase == statusLine {
		p.phase = headers
		return p.status(line)
	}
	return p.header(line)
}

// status reads "HTTP/1.1 200 OK".
func (p *Parser) status(line []byte) error {
	if len(line) < len("HTTP/1.1 200") || string(line[:5]) != "HTTP/" || line[6] != '.' || line[8] != ' ' ||
		!digit(line[5]) || !digit(line[7]) {
		return ErrStatusLine
	}
	p.old = line[5] == '0' || line[5] == '1' && line[7] == '0'
	rest := bytes.TrimLeft(line[9:], " ")
	if len(rest) < 3 || len(rest) > 3 && rest[3] != ' ' || !digit(rest[0]) || !digit(rest[1]) || !digit(rest[2]) {
		return ErrStatusLine
	}
	p.Status = int(rest[0]-'0')*100 + int(rest[1]-'0')*10 + int(rest[2]-'0')
	if line[5] == '0' {
		p.close = true
	}
	return nil
}

// header takes a header line, or the empty line after them. A line that begins with a space continues the one before
// (RFC 9112, 5.2).
func (p *Parser) header(line []byte) error {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		if !p.continues {
			return ErrHeader
		}
		if !validValue(line) {
			return ErrHeader
		}
		if p.matters {
			p.held = append(append(p.held, ' '), bytes.Trim(line, " \t")...)
		}
		return nil
	}
	if p.matters {
		p.matters = false
		p.mind(p.held)
	}
	if len(line) == 0 {
		if p.phase == trailers {
			p.phase = done
			return nil
		}
		return p.begin()
	}
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !validName(line[:colon]) || !validValue(line[colon+1:]) {
		return ErrHeader
	}
	p.continues = true
	if p.phase == headers && interesting(line[:colon]) {
		p.held, p.matters = append(p.held[:0], bytes.TrimRight(line, " \t")...), true
	}
	return nil
}

// mind takes a header line that matters.
func (p *Parser) mind(line []byte) {
	colon := bytes.IndexByte(line, ':')
	value := bytes.Trim(line[colon+1:], " \t")
	switch name := line[:colon]; {
	case same(name, contentLength):
		n, ok := decimal(value)
		if !ok || p.lengths > 0 && n != p.length {
			p.badLength = true
		}
		p.lengths++
		p.length = n
	case same(name, transferEncoding):
		p.encodings++
		p.badTE = p.encodings > 1 || !same(value, "chunked")
		p.chunked = true
	default:
		for len(value) > 0 {
			var token []byte
			token, value, _ = bytes.Cut(value, []byte{','})
			token = bytes.Trim(token, " \t")
			p.close = p.close || same(token, "close")
			p.keepAlive = p.keepAlive || same(token, "keep-alive")
		}
	}
}

// begin decides what follows the head.
func (p *Parser) begin() error {
	if p.chunked && p.old {
		p.chunked, p.badTE = false, false // HTTP/1.0 has none
	}
	switch {
	case p.badTE:
		return ErrEncoding
	case p.badLength:
		return ErrLength
	case p.Status >= 100 && p.Status < 200 && p.Status != 101:
		p.resetHead()
		p.phase = statusLine // the answer proper follows
		return nil
	case p.head, p.Status == 204, p.Status == 304:
		p.phase = done
	case p.chunked:
		p.phase = chunkLine
	case p.lengths > 0:
		p.phase, p.left = counted, p.length
		if p.length == 0 {
			p.phase = done
		}
	default:
		p.phase, p.close = untilEnd, true
	}
	return nil
}

// beginChunk reads the line that begins a chunk: its size in hex, then extensions, which are ignored. A bare LF is
// refused, as by net/http.
func (p *Parser) beginChunk(line []byte) error {
	n := len(line)
	if n < 2 || bytes.IndexByte(line, '\r') != n-2 {
		return ErrChunk
	}
	p.excess += int64(n)
	line, _, _ = bytes.Cut(bytes.TrimRight(line[:n-2], " \t"), []byte{';'})
	if len(line) == 0 || len(line) > 16 {
		return ErrChunk
	}
	var size uint64
	for _, c := range line {
		switch {
		case digit(c):
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return ErrChunk
		}
		size = size<<4 | uint64(c)
	}
	if size > 1<<62 {
		return ErrChunk
	}
	if p.excess = max(p.excess-16-2*int64(min(size, 1<<40)), 0); p.excess > excess {
		return ErrChunk
	}
	if size == 0 {
		p.phase, p.continues = trailers, false
		return nil
	}
	p.phase, p.left = chunkData, int64(size)
	return nil
}
