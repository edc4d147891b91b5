package scenarios

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// A FaultKind is one kind of fault: the row from which follow what a file may say of it, its schema, and what it needs
// of a server. How it is done is a row of package faults.
type FaultKind struct {
	Name   string
	Victim Victim
	Needs  Need
	keys   func(v *validation, at string, f Fault, s Scenario) // judges the keys that only it has; nil: it has none
}

// FaultKinds are all there are, in the order in which a list shows them.
func FaultKinds() []FaultKind {
	return []FaultKind{
		{"kill", EngineVictim, NeedsProcesses, nil},
		{"terminate", ServerVictim, NeedsProcesses, nil},
		{"abort", ServerVictim, NeedsProcesses, nil},
		{"signal", GroupVictim, NeedsProcesses, signalKeys},
		{"stop", ServerVictim, NeedsProcesses, nil},
		{"freeze", ServerVictim, NeedsProcesses, nil},
		{"hold-lock", NoVictim, NeedsNothing, lockKeys},
		{"stall-pipe-reader", NoVictim, NeedsOutput, nil},
		{"fill-disk", NoVictim, NeedsDisk, nil},
		{"slow-disk", NoVictim, NeedsDisk, slowDiskKeys},
		{"freeze-disk", NoVictim, NeedsDisk, nil},
		{"cpu-quota", ServerVictim, NeedsProcesses, quotaKeys},
		{"memory-limit", ServerVictim, NeedsProcesses, memoryKeys},
		{"fd-limit", WorkerVictim, NeedsProcesses, nil},
		{"renice", WorkerVictim, NeedsProcesses, nil},
		{"slow-client", NoVictim, NeedsNothing, nil},
		{"connection-flood", NoVictim, NeedsNothing, nil},
		{"network", NoVictim, NeedsNothing, networkKeys},
		{"request", NoVictim, NeedsNothing, requestKeys},
	}
}

// A Victim is whom a kind of fault may be aimed at. The arbiter and the whole server only where that can be undone or
// is the point.
type Victim int

const (
	NoVictim     Victim = iota // it is not done to a process
	WorkerVictim               // random, oldest, busiest, all, or a place
	EngineVictim               // also the engine: the process that keeps the tasks of the reference server
	ServerVictim               // random to a place, the arbiter, or the server, which is the arbiter and all workers
	GroupVictim                // also the group: the workers in the arbiter's process group
)

// words are the choices that are no numbers.
func (v Victim) words() []string {
	words := []string{"random", "oldest", "busiest", "all"}
	if v == EngineVictim {
		words = append(words, "engine")
	}
	if v >= ServerVictim {
		words = append(words, "arbiter", "server")
	}
	if v >= GroupVictim {
		words = append(words, "group")
	}
	return words
}

// A Need is what a kind of fault needs of a server.
type Need int

const (
	NeedsNothing   Need = iota
	NeedsProcesses      // it is done to processes of the server
	NeedsDisk           // it lays a disk of its own below the server's log folder
	NeedsOutput         // it lays a pipe to which the server prints
)

// Missing says why a server of a kind does not have what is needed; nil: it has.
func (n Need) Missing(of ServerKind) error {
	switch {
	case n == NeedsProcesses && !of.Processes:
		return errors.New("no process of the server is known: it can only be done to a server that hangtime started or was attached to")
	case n == NeedsDisk && !of.Ours:
		return errors.New("it needs a disk of its own below the server's log folder: it can only be done to the reference server")
	case n == NeedsOutput && !of.Started:
		return errors.New("it needs the pipe that the server prints to: it can only be done to a server that hangtime starts")
	}
	return nil
}

// FaultKindOf is the row of a kind; false: none is called so.
func FaultKindOf(name string) (FaultKind, bool) {
	all := FaultKinds()
	i := slices.IndexFunc(all, func(k FaultKind) bool { return k.Name == name })
	if i < 0 {
		return FaultKind{}, false
	}
	return all[i], true
}

func lockKeys(v *validation, at string, f Fault, _ Scenario) {
	if f.Path == "" || filepath.IsAbs(f.Path) || !filepath.IsLocal(f.Path) {
		v.add(at+".path", fmt.Sprintf("%q", f.Path), "want a file in the server's log folder, such as async_tasks.log")
	}
}

func networkKeys(v *validation, at string, f Fault, s Scenario) {
	if f.Network == "" {
		v.add(at+".network", "is missing", "want one of latency, reset, blackhole")
	}
	if f.Network == "latency" {
		v.above(at+".delay", int64(f.Delay), "how much later data arrives, such as 500ms")
	}
	if s.Server.Kind != Reference && (f.Listen == "" || f.Upstream == "") {
		v.add(at, "does not say what it stands between",
			"want listen, where your server connects to, and upstream, where its dependency accepts")
	}
	for _, one := range []struct{ key, address string }{{"listen", f.Listen}, {"upstream", f.Upstream}} {
		if one.address == "" {
			continue
		}
		if err := validLoopback(one.address); err != nil {
			v.add(at+"."+one.key, err.Error(), "")
		}
	}
}

func requestKeys(v *validation, at string, f Fault, _ Scenario) {
	if f.Request == nil {
		v.add(at+".request", "is missing", `want what is sent, such as {method: POST, path: /task, body: '{"work":"sleep","duration":"6s"}'}`)
	}
}

func slowDiskKeys(v *validation, at string, f Fault, _ Scenario) {
	v.above(at+".delay", int64(f.Delay), "how long each operation takes, such as 2s")
}

func quotaKeys(v *validation, at string, f Fault, _ Scenario) {
	if f.CPUs < 0.01 || f.CPUs > 256 {
		v.add(at+".cpus", fmt.Sprintf("%v is out of range", f.CPUs),
			"want how many processors it may use, 0.01 to 256, such as 0.1")
	}
}

func memoryKeys(v *validation, at string, f Fault, _ Scenario) {
	v.above(at+".mib", int64(f.MiB), "how many MiB it may take beyond what it has, such as 64")
}

func signalKeys(v *validation, at string, f Fault, _ Scenario) {
	signals := []string{"SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU", "SIGWINCH",
		"SIGTERM", "SIGABRT", "SIGKILL"}
	if !slices.Contains(signals, f.Signal) {
		v.add(at+".signal", fmt.Sprintf("%q", f.Signal), "want one of "+strings.Join(signals, ", "))
	}
}
