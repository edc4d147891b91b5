package scenarios

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/input"
)

// A Group is built-in scenarios that are about the same.
type Group struct {
	Name  string
	Names []string
}

// Groups are all built-in scenarios, those first with which to begin.
func Groups() []Group {
	return []Group{
		{"start here", []string{"log-contention", "worker-timeout", "worker-kill", "real-world"}},
		{"locks", []string{"file-lock-deadlock", "lock-inherited-over-fork", "mutex-cycle"}},
		{"loops and pools", []string{"blocking-io", "cpu-bound", "loop-dies", "loop-not-ready", "pool-exhausted-heartbeat-alive", "preload-thread",
			"task-timeout", "thread-pool-contention", "thread-pool-exhaustion"}},
		{"clients and upstreams", []string{"backlog-overflow", "downstream-never-answers", "keepalive", "preconnect-flood", "reuseport-one-hung",
			"slow-client"}},
		{"deaths and restarts", []string{"arbiter-stopped", "boot-loop", "graceful-shutdown", "max-requests", "no-cleanup", "reload-under-load",
			"signal-conflict", "worker-stopped"}},
		{"tasks and their queue", []string{"engine-kill", "poison-task", "slow-consumer", "unbounded-tasks"}},
		{"disks, pipes, memory", []string{"cpu-throttled", "disk-full", "fd-exhaustion", "frozen-disk", "memory-growth", "memory-starvation",
			"slow-disk", "stdout-pipe-blocked"}},
		{"controls: no hang", []string{"congestion", "cpu-quota", "long-poll", "no-monitoring"}},
	}
}

// Listed is a scenario as a list has it.
type Listed struct {
	Group, Name, File   string // File is empty of one that is built in
	Text                string
	Title, Watch, Guide string
	Variants            []string      // "shared: expect hang; all workers write one file"
	Takes, Quick        time.Duration // Quick is 0 where there is no short form
	Problem             string        // why it cannot be run; empty: it can
}

// List is all that can be run: the built-in ones by their groups, then one's own.
func List() []Listed {
	var all []Listed
	for _, group := range Groups() {
		for _, name := range group.Names {
			text, err := Text(name)
			all = append(all, listed(group.Name, name, "", string(text), err))
		}
	}
	for _, file := range OwnFiles() {
		text, err := input.ReadFile(file, input.MostYAML)
		all = append(all, listed("yours", strings.TrimSuffix(filepath.Base(file), ".yaml"), file, string(text), err))
	}
	return all
}

func listed(group, name, file, text string, err error) Listed {
	l := Listed{Group: group, Name: name, File: file, Text: text}
	var doc *Document
	if err == nil {
		doc, err = Read(name+".yaml", []byte(text))
	}
	if err != nil {
		l.Problem, _, _ = strings.Cut(err.Error(), "\n")
		return l
	}
	plan := doc.Scenario
	l.Title, l.Watch, l.Guide = plan.Title, plan.Watch, plan.Guide
	for _, v := range plan.Variants {
		line := fmt.Sprintf("%s: expect %s", v.Name, v.Expect)
		if v.Says != "" {
			line += "; " + v.Says
		}
		l.Variants = append(l.Variants, line)
	}
	variants := time.Duration(max(len(plan.Variants), 1))
	l.Takes = plan.Phases.Total() * variants
	if len(plan.Quick) > 0 {
		if quick, err := doc.Quick(); err == nil {
			l.Quick = quick.Scenario.Phases.Total() * variants
		}
	}
	return l
}
