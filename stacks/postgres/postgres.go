// Package postgres reads what a process of PostgreSQL works on: the statement, without its values, since when, and what
// it waits for by PostgreSQL's own account. It asks the database nothing, and reads no code.
package postgres

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
	"github.com/hangtime-dev/hangtime/stacks/symbols"
	"github.com/hangtime-dev/hangtime/words/statement"
)

// Bounds of one look.
const (
	maxReads     = 200
	maxBytes     = 64 << 10
	maxStatement = 8 << 10 // of a longer one the begin is read
	piece        = 256     // divides the size of a page: what follows a page may not be there
)

// What a session says of itself: PgBackendStatus (utils/backend_status.h of PostgreSQL 15, by offsetof). In another version
// it is believed where the process's own number stands in its place.
const (
	sessionPID    = 4
	sessionBegan  = 32 // st_activity_start_timestamp, in microseconds since 2000
	sessionFamily = 56 // st_clientaddr.addr: its family, of two bytes, and behind it the port, as on the wire
	sessionPort   = 58
	sessionSize   = 60

	inet, inet6 = 2, 10
)

type reader struct {
	pid, own       int
	memory         func(uint64, []byte) error
	query, session uint64 // addresses of the variables debug_query_string and MyBEEntry
	event          uint64 // of my_wait_event_info; 0: before PostgreSQL 14 there is none
	now            func() time.Time
}

// Open finds PostgreSQL in a process.
func Open(p stacks.Process) (stacks.Reader, error) {
	return symbols.Find(p, "PostgreSQL", func(name string) bool { return name == "postgres" },
		func(object *symbols.Object) (stacks.Reader, error) {
			at := object.Addresses("debug_query_string", "MyBEEntry", "my_wait_event_info")
			if at["debug_query_string"] == 0 {
				return nil, nil
			}
			return &reader{pid: p.PID, own: stacks.OwnPID(p), memory: p.Memory, query: at["debug_query_string"],
				session: at["MyBEEntry"], event: at["my_wait_event_info"], now: time.Now}, nil
		})
}

func (r *reader) Language() string { return "sql" }

// Look tells the statement that the process works on; nothing where it has none: between two statements, and in the
// processes that PostgreSQL has for itself.
func (r *reader) Look() ([]stacks.Work, error) {
	view := &foreign.View{Memory: r.memory, Reads: maxReads, Bytes: maxBytes}
	pointer := view.Block(r.query, 8)
	if pointer == nil {
		return nil, fmt.Errorf("read PostgreSQL in process %d: its variables are not there", r.pid)
	}
	if pointer.Word(0) == 0 {
		return nil, nil
	}
	// Values may be secret, and are taken out here, so that no recording has them.
	shape := statement.Shape(begin(view, pointer.Word(0)))
	if shape == "" {
		return nil, nil
	}
	if view.Word(r.query) != pointer.Word(0) {
		return nil, errors.New("it has gone on to another statement")
	}
	work := stacks.Work{Kind: "thread", TID: r.pid, ID: uint64(r.pid), Request: stacks.Request{Path: shape}}
	session := view.Block(view.Word(r.session), sessionSize)
	if int(session.Uint32(sessionPID)) == r.own { // else it is laid out in another way
		if began := epoch.Add(time.Duration(session.Word(sessionBegan)) * time.Microsecond); began.Before(r.now()) &&
			r.now().Sub(began) < longest {
			work.Request.For = r.now().Sub(began)
		}
		if family := session.Uint16(sessionFamily); (family == inet || family == inet6) && len(session) == sessionSize {
			work.Request.Port = int(binary.BigEndian.Uint16(session[sessionPort:]))
		}
	}
	if r.event != 0 {
		if name := eventName(view.Block(view.Word(r.event), 4).Uint32(0)); name != "" {
			work.Frames = []stacks.Frame{{Function: name, Library: true}}
		}
	}
	return []stacks.Work{work}, nil
}

// epoch is where PostgreSQL's time begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// longest is how long a statement may be said to go on: a clock that was set tells more.
const longest = 90 * 24 * time.Hour

// begin is a statement, or as much of it as is read. Line breaks and other control characters are spaces in it.
func begin(view *foreign.View, address uint64) string {
	var all []byte
	for len(all) < maxStatement {
		at := address + uint64(len(all))
		b := view.Block(at, int(piece-at%piece))
		if b == nil {
			return "" // it is torn
		}
		end := bytes.IndexByte(b, 0)
		if end >= 0 {
			all = append(all, b[:end]...)
			break
		}
		all = append(all, b...)
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' || c == 0x7f {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(string(all), "?"))
}

// eventName is what a process waits for, in the words of pg_stat_activity; empty: nothing. Only locks are told by name: numbers
// of other events differ from version to version.
func eventName(info uint32) string {
	classes := map[uint32]string{1: "LWLock", 3: "Lock", 4: "BufferPin", 5: "Activity", 6: "Client", 7: "Extension", 8: "IPC",
		9: "Timeout", 10: "IO"}
	name, known := classes[info>>24]
	if !known {
		return ""
	}
	locks := []string{"relation", "extend", "frozenid", "page", "tuple", "transactionid", "virtualxid", "spectoken", "object",
		"userlock", "advisory"}
	if kind := int(info & 0xffff); name == "Lock" && kind < len(locks) {
		name += ":" + locks[kind]
	}
	return "wait event " + name
}
