package scenarios

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func (v *validation) fault(at string, f Fault, s Scenario) {
	if f.At < 0 || f.For < 0 || f.Every < 0 {
		v.add(at, "a time is negative", "at, for and every are durations from the start of the phase during")
	}
	if f.At >= s.Phases.During && f.At > 0 && f.For == 0 {
		v.add(at+".at", fmt.Sprintf("%v lies at or after the end of the phase during, which lasts %v", f.At, s.Phases.During), "want an earlier moment, or a longer phases.during")
	}
	if f.At+f.For > s.Phases.During {
		v.add(at, fmt.Sprintf("ends %v after the phase during began, which lasts %v", f.At+f.For, s.Phases.During), "shorten the fault or lengthen phases.during")
	}
	switch f.Kind {
	case "hold-lock":
		if f.Path == "" || filepath.IsAbs(f.Path) || !filepath.IsLocal(f.Path) {
			v.add(at+".path", fmt.Sprintf("%q", f.Path), "want a file in the server's log folder, such as async_tasks.log")
		}
	case "request":
		if f.Request == nil {
			v.add(at+".request", "is missing", `want what is sent, such as {method: POST, path: /task, body: '{"work":"sleep","duration":"6s"}'}`)
		}
	case "network":
		v.network(at, f, s)
	case "slow-disk":
		v.above(at+".delay", int64(f.Delay), "how long each operation takes, such as 2s")
	case "cpu-quota":
		if f.CPUs < 0.01 || f.CPUs > 256 {
			v.add(at+".cpus", fmt.Sprintf("%v is out of range", f.CPUs), "want how many processors it may use, 0.01 to 256, such as 0.1")
		}
	case "memory-limit":
		v.above(at+".mib", int64(f.MiB), "how many MiB it may take beyond what it has, such as 64")
	}
	if signals := []string{"SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU", "SIGWINCH", "SIGTERM", "SIGABRT", "SIGKILL"}; f.Kind == "signal" && !slices.Contains(signals, f.Signal) {
		v.add(at+".signal", fmt.Sprintf("%q", f.Signal), "want one of "+strings.Join(signals, ", "))
	}
	if f.Request != nil {
		v.target(at+".request", *f.Request)
	}
	v.victim(at, f, s.Server.Workers)
}

func (v *validation) above(key string, n int64, hint string) {
	if n <= 0 {
		v.add(key, "is missing", "want "+hint)
	}
}

func (v *validation) network(at string, f Fault, s Scenario) {
	if f.Network == "" {
		v.add(at+".network", "is missing", "want one of latency, reset, blackhole")
	}
	if f.Network == "latency" {
		v.above(at+".delay", int64(f.Delay), "how much later data arrives, such as 500ms")
	}
	if s.Server.Kind != "reference" && (f.Listen == "" || f.Upstream == "") {
		v.add(at, "does not say what it stands between", "want listen, where your server connects to, and upstream, where its dependency accepts")
	}
	for _, one := range []struct{ key, address string }{{"listen", f.Listen}, {"upstream", f.Upstream}} {
		if one.address == "" {
			continue
		}
		host, port, err := net.SplitHostPort(one.address)
		if ip := net.ParseIP(host); err != nil || port == "" || ip == nil || !ip.IsLoopback() {
			v.add(at+"."+one.key, fmt.Sprintf("%q", one.address), "want an address and port of this machine's loopback, such as 127.0.0.1:5432")
		}
	}
}

// victim judges who is to be hit: a worker for every kind that has victims, the arbiter or the whole server only where that can be undone or is the point.
func (v *validation) victim(at string, f Fault, workers int) {
	words := []string{"random", "oldest", "busiest", "all"}
	switch f.Kind {
	case "signal", "terminate", "abort", "stop", "cpu-quota", "memory-limit", "freeze":
		words = append(words, "arbiter", "server")
		if f.Kind == "signal" {
			words = append(words, "group")
		}
	case "kill", "fd-limit":
	default:
		if f.Worker != "" {
			v.add(at+".worker", "has no meaning for kind "+f.Kind, "leave it out")
		}
		return
	}
	if n, err := strconv.Atoi(f.Worker); f.Worker != "" && !slices.Contains(words, f.Worker) && (err != nil || n < 1 || n > workers) {
		v.add(at+".worker", fmt.Sprintf("%q", f.Worker), fmt.Sprintf("want %s, or a number from 1 to %d", strings.Join(words, ", "), workers))
	}
}
