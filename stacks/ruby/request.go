package ruby

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

const (
	typeHash  = 0x08
	hashTable = 1 << 15 // RHASH_ST_TABLE_FLAG: it has more than eight entries
	hashFirst = 16      // the table's address; since 3.3 the table itself, behind a further word

	maxLocals = 64
)

// request finds what a thread of a web server works on: Rack hands each application a Hash, and by custom the variable is called env. The outermost one is as the client asked.
func (r *reader) request(view *foreign.View, calls []call) stacks.Request {
	for i := len(calls) - 1; i >= 0; i-- {
		c := calls[i]
		if c.code == nil {
			continue
		}
		index, ok := r.envOf(view, c.code)
		if !ok {
			continue
		}
		value := view.Word(c.env - 8*uint64(int(c.code.localsNo)-index+2)) // three words stand between the variables and ep
		if q, ok := r.rack(view, value); ok {
			return q
		}
	}
	return stacks.Request{}
}

// envOf is which of its variables a piece of code calls env.
func (r *reader) envOf(view *foreign.View, c *code) (index int, ok bool) {
	if c.env == 0 && c.localsNo > 0 && c.localsNo <= maxLocals {
		c.env = -1
		names := view.Block(c.locals, 8*int(c.localsNo))
		for i := range int(c.localsNo) {
			id := names.Word(8 * i)
			if r.envID == 0 && r.id(view, id) == "env" {
				r.envID = id
			}
			if id != 0 && id == r.envID {
				c.env = i + 1
			}
		}
	}
	return c.env - 1, c.env > 0
}

// rack reads Rack's environment of a request (the variables are those of CGI).
func (r *reader) rack(view *foreign.View, value uint64) (stacks.Request, bool) {
	flags, kind := object(view, value)
	if kind != typeHash || flags&hashTable == 0 {
		return stacks.Request{}, false
	}
	table := value + hashFirst + 8
	if r.layout.class.path == 0 { // before 3.3
		table = view.Word(value + hashFirst)
	}
	found := map[string]string{}
	for _, p := range pairs(view, table) {
		switch key := r.text(view, p.key); key {
		case "REQUEST_METHOD", "REQUEST_PATH", "REQUEST_URI", "QUERY_STRING", "SCRIPT_NAME", "PATH_INFO":
			found[key] = r.text(view, p.value)
		}
	}
	q := stacks.Request{Method: found["REQUEST_METHOD"], Path: found["REQUEST_PATH"], Query: found["QUERY_STRING"]}
	if q.Path == "" && strings.HasPrefix(found["REQUEST_URI"], "/") {
		q.Path, _, _ = strings.Cut(found["REQUEST_URI"], "?")
	}
	if q.Path == "" {
		q.Path = found["SCRIPT_NAME"] + found["PATH_INFO"]
	}
	return q, q.Method != "" && q.Path != ""
}
