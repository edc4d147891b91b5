package ruby

import (
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

func TestRequestsInHashes(t *testing.T) {
	pid := script(t, `def dispatch(job, active, env, few, other, number)
  sleep
end
env = {}
9.times { |i| env["k#{i}"] = i }
env.delete("k1")
env.update("REQUEST_METHOD" => "POST", "SCRIPT_NAME" => "/shop", "PATH_INFO" => "/pay", "QUERY_STRING" => "note=" + "y" * 500)
job = { "retry" => true, "class" => "Slow", "jid" => "abc" }
active = job.merge("class" => "Wrapper", "wrapped" => "MailJob")
few = { "REQUEST_METHOD" => "GET", "REQUEST_URI" => "/cart?x", "QUERY_STRING" => "x" }
dispatch(job, active, env, few, { "REQUEST_METHOD" => 7, "PATH_INFO" => nil }, 1)
`)
	long := "note=" + strings.Repeat("y", 500)
	var got map[string]stacks.Request
	until(t, func() bool {
		opened, err := Open(process(pid))
		if err != nil {
			return false
		}
		r, found := opened.(*reader), map[string]stacks.Request{}
		view := r.view()
		for _, thread := range r.threads.read(view) {
			for _, c := range r.walker.calls(view, thread.ec) {
				if c.Function != "Object#dispatch" {
					continue
				}
				for _, name := range []string{"job", "active"} {
					if value, ok := local(view, r.names, c, name); ok {
						found[name] = job(view, value)
					}
				}
				for _, name := range []string{"env", "few", "other", "number", "none"} {
					if value, ok := local(view, r.names, c, name); ok {
						if q, ok := rack(view, value); ok {
							found[name] = q
						}
					}
				}
			}
		}
		got = found
		return len(got) > 0
	}, "the method to be called")
	for name, want := range map[string]stacks.Request{
		"job":    {Path: "Slow", ID: "abc"},
		"active": {Path: "MailJob", ID: "abc"},
		"env":    {Method: "POST", Path: "/shop/pay", Query: long},
		"few":    {Method: "GET", Path: "/cart", Query: "x"},
		"other":  {},
		"number": {},
		"none":   {},
	} {
		if got[name] != want {
			t.Errorf("%s: %+v, want %+v", name, got[name], want)
		}
	}
}
