package main

import (
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe"
)

// The types of this file are what `diagnose --json` prints and `watch --on-hang` hands to its command; docs/diagnosis.md describes them. Times are seconds.

type lookJSON struct {
	Version   int            `json:"version"`
	Tool      string         `json:"tool"`
	Time      time.Time      `json:"time"`
	Server    serverJSON     `json:"server"`
	Healthy   bool           `json:"healthy"`
	Backlog   *backlogJSON   `json:"backlog,omitempty"`
	Workers   []workerJSON   `json:"workers"`
	Incidents []incidentJSON `json:"incidents"`
	Unseen    []string       `json:"unseen,omitempty"` // what may not be read, and what would allow it
	Blind     bool           `json:"blind,omitempty"`  // too little may be read to call it healthy
}

type serverJSON struct {
	PID     int    `json:"pid"`
	Command string `json:"command,omitempty"`
	Address string `json:"address,omitempty"`
}

type backlogJSON struct {
	Waiting int `json:"waiting"`
	Limit   int `json:"limit"`
}

type workerJSON struct {
	Worker  int         `json:"worker"`
	PID     int         `json:"pid"`
	State   string      `json:"state"`
	Label   string      `json:"label,omitempty"`
	For     float64     `json:"for_seconds"`
	Inside  int         `json:"inside"`
	Oldest  float64     `json:"oldest_seconds"`
	CPU     float64     `json:"cpu_share"`
	RSS     uint64      `json:"rss_bytes"`
	Cause   *causeJSON  `json:"cause,omitempty"`
	Threads []threadRow `json:"threads,omitempty"`
	Stacks  []stackJSON `json:"stacks,omitempty"`
}

type threadRow struct {
	TID     int      `json:"tid"`
	Name    string   `json:"name"`
	State   string   `json:"state"`
	Still   float64  `json:"still_seconds"`
	Syscall string   `json:"syscall,omitempty"`
	Args    string   `json:"args,omitempty"`
	Wchan   string   `json:"wchan,omitempty"`
	Kernel  []string `json:"kernel_stack,omitempty"`
	Idle    bool     `json:"idle,omitempty"`
}

type stackJSON struct {
	TID      int      `json:"tid"`
	Language string   `json:"language"`
	Frames   []string `json:"frames"`
	HoldsGIL bool     `json:"holds_interpreter_lock,omitempty"`
}

type causeJSON struct {
	Kind       string       `json:"kind"`
	Confidence string       `json:"confidence"`
	Short      string       `json:"short"`
	Sentence   string       `json:"sentence"`
	Path       string       `json:"path,omitempty"`
	Inode      uint64       `json:"inode,omitempty"`
	Remote     string       `json:"remote,omitempty"`
	Holders    []holderJSON `json:"holders,omitempty"`
	Where      string       `json:"where,omitempty"`
	Stack      []string     `json:"stack,omitempty"`
	Chain      []string     `json:"chain,omitempty"`
	Cycle      bool         `json:"cycle,omitempty"`
	Remedy     string       `json:"remedy,omitempty"`
	Prevention string       `json:"prevention,omitempty"`
}

type holderJSON struct {
	PID     int    `json:"pid"`
	Command string `json:"command,omitempty"`
	Creator bool   `json:"creator"`
	Dead    bool   `json:"dead,omitempty"`
}

type incidentJSON struct {
	ID       int          `json:"id"`
	Kind     string       `json:"kind"`
	Cause    causeJSON    `json:"cause"`
	Victims  []victimJSON `json:"victims"`
	Since    time.Time    `json:"since"`
	Detected time.Time    `json:"detected"`
	Longest  float64      `json:"longest_stall_seconds"`
	Inside   int          `json:"requests_inside"`
	Over     bool         `json:"over"`
}

type victimJSON struct {
	Worker int       `json:"worker"`
	PID    int       `json:"pid"`
	Since  time.Time `json:"since"`
	End    string    `json:"end,omitempty"`
}

func newCauseJSON(c diagnose.Cause) causeJSON {
	out := causeJSON{
		Kind: c.Kind, Confidence: string(c.Confidence), Short: c.Short, Sentence: c.Sentence, Path: c.Path, Inode: c.Inode, Remote: c.Remote,
		Where: c.Where, Stack: c.Stack, Chain: c.Chain, Cycle: c.Cycle, Remedy: c.Remedy, Prevention: c.Prevention,
	}
	for _, h := range c.Holders {
		out.Holders = append(out.Holders, holderJSON{h.PID, h.Command, h.Creator, h.Dead})
	}
	return out
}

func newWorkerJSON(w diagnose.Worker, now time.Duration) workerJSON {
	out := workerJSON{
		Worker: w.Place, PID: w.PID, State: string(w.State), Label: string(w.Label), For: (now - w.Since).Seconds(), Inside: w.Inside, Oldest: w.Oldest.Seconds(),
		CPU: w.CPU, RSS: w.RSS,
	}
	if w.Cause != nil {
		c := newCauseJSON(*w.Cause)
		out.Cause = &c
	}
	for _, t := range w.Threads {
		out.Threads = append(out.Threads, threadRow{t.TID, t.Name, t.State, t.Still.Seconds(), t.Syscall, t.Args, t.Wchan, t.Stack, t.Idle})
	}
	for _, s := range w.Stacks {
		out.Stacks = append(out.Stacks, stackJSON{s.TID, s.Language, s.Frames, s.Holds})
	}
	return out
}

// newIncidentJSON converts; began is the wall clock at the run's zero.
func newIncidentJSON(in diagnose.Incident, now time.Duration, began time.Time) incidentJSON {
	out := incidentJSON{
		ID: in.ID, Kind: in.Kind, Cause: newCauseJSON(in.Cause), Victims: []victimJSON{}, Since: began.Add(in.Began), Detected: began.Add(in.Detected),
		Longest: in.Longest(now).Seconds(), Inside: in.Cost.Inside, Over: in.Ended >= 0,
	}
	for _, v := range in.Victims {
		out.Victims = append(out.Victims, victimJSON{v.Place, v.PID, began.Add(v.From), v.End})
	}
	return out
}

// A looker folds the history of a watching for those that need no report.
type looker struct {
	fold    *diagnose.Fold
	now     time.Duration
	backlog *backlogJSON
	trouble []string
}

func newLooker() *looker { return &looker{fold: diagnose.New(diagnose.DefaultLimits())} }

func (l *looker) add(r history.Record) {
	l.now = r.At
	l.fold.Add(r)
	switch ev := r.Event.(type) {
	case history.Listener:
		l.backlog = &backlogJSON{ev.Backlog, ev.Limit}
	case history.Trouble:
		l.trouble = append(l.trouble, ev.Text)
	}
}

// look is all that is known now.
func (l *looker) look(target probe.Target, began time.Time) lookJSON {
	out := lookJSON{
		Version: 1, Tool: version(), Time: began.Add(l.now), Server: serverJSON{target.Arbiter, probe.Command(target.Arbiter), target.Address},
		Healthy: true, Backlog: l.backlog, Workers: []workerJSON{}, Incidents: []incidentJSON{},
	}
	for _, w := range l.fold.Workers() {
		out.Workers = append(out.Workers, newWorkerJSON(w, l.now))
		out.Healthy = out.Healthy && !w.State.IsHang()
	}
	for _, in := range l.fold.Incidents() {
		out.Incidents = append(out.Incidents, newIncidentJSON(in, l.now, began))
	}
	return out
}
