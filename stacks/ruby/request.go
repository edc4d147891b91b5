package ruby

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

const (
	typeHash  = 0x08
	hashTable = 1 << 15 // RHASH_ST_TABLE_FLAG: it has more than eight entries
	hashFirst = 16      // the table's address; since 3.3 the table itself, behind a further word

	maxLocals = 64
)

// request finds what a thread works on. Rack hands each application a Hash, and by custom the variable is called env:
// the outermost one is as the client asked. sidekiq has a job's in a variable called job_hash.
func request(view memory, n *names, calls []call) stacks.Request {
	for i := len(calls) - 1; i >= 0; i-- {
		c := calls[i]
		if c.code == nil {
			continue
		}
		if value, ok := local(view, n, c, "env"); ok {
			if q, ok := rack(view, value); ok {
				return q
			}
		}
		if (spot{"/sidekiq/processor.rb", "dispatch"}).at(c.Frame) {
			if value, ok := local(view, n, c, "job_hash"); ok {
				return job(view, value)
			}
		}
	}
	return stacks.Request{}
}

// local is the value of a variable of a piece of code.
func local(view memory, n *names, c call, name string) (value uint64, ok bool) {
	count := c.code.variables
	if count == 0 || count > maxLocals {
		return 0, false
	}
	if c.code.locals == nil {
		ids := view.Block(c.code.localTable, 8*int(count))
		locals := make([]string, count)
		for i := range locals {
			locals[i] = n.id(view, ids.Word(8*i))
		}
		if view.Spent() {
			return 0, false
		}
		c.code.locals = locals
	}
	i := slices.Index(c.code.locals, name)
	if i < 0 {
		return 0, false
	}
	return view.Word(c.env - 8*uint64(int(count)-i+2)), true // two words stand between the last variable and ep
}

// rack reads Rack's environment of a request (the variables are those of CGI).
func rack(view memory, value uint64) (stacks.Request, bool) {
	env := stringsOf(view, value, "REQUEST_METHOD", "REQUEST_PATH", "REQUEST_URI", "QUERY_STRING", "SCRIPT_NAME",
		"PATH_INFO")
	q := stacks.Request{Method: env["REQUEST_METHOD"], Path: env["REQUEST_PATH"], Query: env["QUERY_STRING"]}
	if q.Path == "" && strings.HasPrefix(env["REQUEST_URI"], "/") {
		q.Path, _, _ = strings.Cut(env["REQUEST_URI"], "?")
	}
	if q.Path == "" {
		q.Path = env["SCRIPT_NAME"] + env["PATH_INFO"]
	}
	return q, q.Method != "" && q.Path != ""
}

// job reads a job of sidekiq; one of ActiveJob names its own class apart.
func job(view memory, value uint64) stacks.Request {
	job := stringsOf(view, value, "class", "wrapped", "jid")
	q := stacks.Request{Path: job["wrapped"], ID: job["jid"]}
	if q.Path == "" {
		q.Path = job["class"]
	}
	return q
}

// stringsOf are the values of some keys of a Hash, both Strings.
func stringsOf(view memory, value uint64, keys ...string) map[string]string {
	found := map[string]string{}
	for _, p := range hash(view, value) {
		if key := text(view, p.key); slices.Contains(keys, key) {
			found[key] = text(view, p.value)
		}
	}
	return found
}

// hash is what a Hash has; nothing where a value is none. One of up to eight entries has them in a row (hash.c:
// ar_table), since 3.3 behind eight bytes of hints.
func hash(view memory, value uint64) (all []pair) {
	flags, kind := object(view, value)
	if kind != typeHash {
		return nil
	}
	table, hints := value+hashFirst+8, uint64(8)
	if view.layout.hashApart {
		table, hints = view.Word(value+hashFirst), 0
	}
	if flags&hashTable != 0 {
		return pairs(view, table)
	}
	n := min(int(flags>>20&0xf), 8) // RHASH_AR_TABLE_BOUND
	row := view.Block(table+hints, 16*n)
	for i := range n {
		if key := row.Word(16 * i); key&7 == 0 {
			all = append(all, pair{key, row.Word(16*i + 8)})
		}
	}
	return all
}
