package apache

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// Where Apache 2.4 has what is read here, in bytes, on a processor with addresses of 64 bits (scoreboard.h of 2.4.71, by
// offsetof). How large the places of a child and of a thread are is taken from how they lie: releases may append to them.
const (
	imageGlobal  = 0  // scoreboard.global
	imageParent  = 8  // scoreboard.parent: a place for each child
	imageServers = 16 // scoreboard.servers: for each child those of its threads
	imageSize    = 24

	globalServers = 0 // global_score.server_limit
	globalThreads = 4 // global_score.thread_limit
	globalSize    = 8

	threadID      = 0  // worker_score.tid: a pthread_t
	threadPID     = 12 // of the process, where the server says it again
	threadStatus  = 20 // of one byte
	threadStart   = 64 // start_time, in microseconds since 1970
	threadRequest = 152
	requestSize   = 64
	threadSize    = 336 // of 2.4.71; that much is known of it

	parentPID  = 0
	parentSize = 40 // of 2.4.71
)

// What a thread does: SERVER_BUSY_WRITE is that a request was read and is worked on, until it was written down in a log.
const (
	statusWrite = 4
	statusLog   = 6
	statusDNS   = 7
)

// Bounds of a scoreboard: Apache's own limits are 20,000 threads in a child (event) and 200,000 children (prefork).
const (
	maxServers = 4096
	maxPlace   = 1024
)

// A place is that of a thread.
type place struct {
	foreign.Block
	threads int // how many a child may have
}

// places are those of the threads of the process that calls itself pid; none: it has no place, as the parent.
func places(view *foreign.View, image uint64, pid int) ([]place, error) {
	board := view.Block(view.Word(image), imageSize)
	global := view.Block(board.Word(imageGlobal), globalSize)
	servers, threads := int(global.Uint32(globalServers)), int(global.Uint32(globalThreads))
	if servers <= 0 || servers > maxServers || threads <= 0 || threads > maxThreads {
		return nil, errors.New("it is not there, or larger than any that is read")
	}
	rows := view.Block(board.Word(imageServers), 8*servers)
	parents := board.Word(imageParent)
	child, size := parentSize, threadSize
	if rows.Word(0) > parents {
		child = int((rows.Word(0) - parents) / uint64(servers)) // the first row lies right behind the children
	}
	if servers > 1 && rows.Word(8) > rows.Word(0) {
		size = int(rows.Word(8)-rows.Word(0)) / threads
	}
	if child < 8 || child > maxPlace || size < threadRequest+requestSize || size > maxPlace || size%8 != 0 {
		return nil, fmt.Errorf("places of %d and %d bytes are none of Apache 2.4", child, size)
	}
	all := view.Block(parents, child*servers)
	for i := range servers {
		if len(all) == 0 || int(all[i*child:].Uint32(parentPID)) != pid {
			continue
		}
		row := view.Block(rows.Word(8*i), size*threads)
		var found []place
		for at := 0; at+size <= len(row); at += size {
			one := place{row[at : at+size], threads}
			// Of a child that ends and whose place another one has got already, some threads are left.
			if is := int(one.Uint32(threadPID)); is == 0 || is == pid {
				found = append(found, one)
			}
		}
		return found, nil
	}
	return nil, nil
}

// asked is a request's first line; Apache cuts it off after 63 bytes, and so maybe its version too.
var asked = regexp.MustCompile(`^([A-Z]{3,16}) (/[^ ?]*)(?:\?([^ ]*))?( [HTP/0-9.]*)?$`)

// request is what the thread works on; false: nothing, or Apache does not say it (ExtendedStatus is off).
func (p place) request(now time.Time) (stacks.Request, bool) {
	switch p.Byte(threadStatus) {
	case statusWrite, statusLog, statusDNS:
	default:
		return stacks.Request{}, false
	}
	line := string(p.Block[threadRequest : threadRequest+requestSize])
	line, _, ended := strings.Cut(line, "\x00")
	m := asked.FindStringSubmatch(line)
	if !ended || m == nil || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
		return stacks.Request{}, false
	}
	r := stacks.Request{Method: m[1], Path: m[2], Query: m[3]}
	if len(line) == requestSize-1 && !strings.ContainsAny(line[len(m[1])+1:], " ?") {
		r.Path += "…" // there was no room for the rest
	}
	if began := time.UnixMicro(int64(p.Word(threadStart))); began.Before(now) && now.Sub(began) < longest {
		r.For = now.Sub(began)
	}
	return r, true
}

// longest is how long a request may be said to go on: a clock that was set tells more.
const longest = 30 * 24 * time.Hour

// Where the C library of GNU has a thread's own things on amd64, in bytes from its pthread_t (struct pthread,
// nptl/descr.h, 2.31 to 2.41).
const (
	selfAt = 16  // the pthread_t itself
	tidAt  = 720 // the kernel's id
	tidEnd = tidAt + 4
)

// kernelID is that of the thread as its process sees it; 0: that cannot be told.
func (p place) kernelID(view *foreign.View) int {
	control := p.Word(threadID)
	b := view.Block(control, tidEnd)
	if control == 0 || b.Word(selfAt) != control {
		return 0
	}
	return int(b.Uint32(tidAt))
}
