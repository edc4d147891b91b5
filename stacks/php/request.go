package php

import (
	"strconv"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// maxVariables bounds what is read of a FastCGI request: the web server's variables and each header of the client's are
// one.
const maxVariables = 300

// receives says that a worker of FastCGI has a connection whose request it has not read whole: it waits for the web
// server, not for work. Before its first request it keeps nothing of its connection, and counts as one that waits for
// work.
func receives(view *foreign.View, sapi foreign.Block) bool {
	context := sapi.Word(sapiContext)
	if context == 0 {
		return false
	}
	fcgi := view.Block(context, fcgiKeep+4)
	return fcgi == nil || int32(fcgi.Uint32(fcgiFD)) >= 0 && fcgi.Uint32(fcgiKeep) == 0
}

// request is what the process works on, from the web server's own account where it has one: what PHP keeps is the
// script, after all redirects inside the server.
func request(view *foreign.View, s server, sapi foreign.Block) stacks.Request {
	method := view.CString(sapi.Word(sapiMethod), 32)
	if method == "" {
		return stacks.Request{}
	}
	asked := ""
	port := 0
	context := sapi.Word(sapiContext)
	switch {
	case s.fastCGI():
		first := view.Word(context + fcgiList)
		if first == 0 { // the request is over, and it waits for the web server to close the connection (fcgi_close)
			return stacks.Request{}
		}
		asked, port = askedFastCGI(view, first)
	case s.apache():
		asked, port = askedApache(view, context)
	}
	if asked == "" {
		asked = view.CString(sapi.Word(sapiPath), maxPath)
		if query := view.CString(sapi.Word(sapiQuery), maxPath); query != "" && !strings.Contains(asked, "?") {
			asked += "?" + query
		}
	}
	path, query, _ := strings.Cut(asked, "?")
	return stacks.Request{Method: method, Path: path, Query: query, Port: port}
}

// askedFastCGI finds what the client asked for and its port among the variables that the web server sent.
func askedFastCGI(view *foreign.View, next uint64) (asked string, port int) {
	for i := 0; i < maxVariables && next != 0 && (asked == "" || port == 0); i++ {
		v := view.Block(next, varSize)
		next = v.Word(varNext)
		name, n := v.Word(varName), int(v.Uint32(varLen))
		if n != len("REQUEST_URI") && n != len("REMOTE_PORT") { // both have eleven letters
			continue
		}
		value := func() string { return view.Text(v.Word(varValue), int(v.Uint32(varValueLen)), maxPath) }
		switch view.Text(name, n, n) {
		case "REQUEST_URI":
			asked = value()
		case "REMOTE_PORT":
			port = number(value())
		}
	}
	return asked, port
}

// askedApache finds the same in Apache's record of the request: in that of the client's own, from which a redirect or a
// subrequest may have come.
func askedApache(view *foreign.View, context uint64) (asked string, port int) {
	request := view.Word(context + apacheRequest)
	for range 10 { // Apache's limit of redirects (LimitInternalRecursion)
		from := view.Word(request + apachePrevious)
		if from == 0 {
			from = view.Word(request + apacheMain)
		}
		if from == 0 {
			break
		}
		request = from
	}
	client := view.Word(view.Word(request+apacheConnection) + apacheClient)
	low := view.Block(client+apachePort, 4).Uint32(0)
	return view.CString(view.Word(request+apacheUnparsed), maxPath), int(low & 0xffff)
}

// number is a port; 0 where it is none.
func number(s string) int {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
