package report

import (
	"time"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
)

// An Incident is one incident for programs, the same wherever hangtime tells of one: in result.json, in what `diagnose
// --json` prints, and on the standard input of the command of `watch --on-hang`. Keys that end in _seconds are seconds;
// of these, moments are on the run's clock, and negative before hangtime began to watch.
type Incident struct {
	ID        int       `json:"id"`
	Kind      string    `json:"kind"`
	Cause     Cause     `json:"cause"`
	Victims   []Victim  `json:"victims"`
	Fault     string    `json:"fault,omitempty"` // what hangtime itself did, where that led to it
	Since     time.Time `json:"since"`           // the same moment as Began, on the wall clock
	Detected  time.Time `json:"detected"`
	Began     float64   `json:"began_seconds"`
	Found     float64   `json:"detected_seconds"`
	Ended     *float64  `json:"ended_seconds,omitempty"`
	Recovered *float64  `json:"recovered_seconds,omitempty"`
	Longest   float64   `json:"longest_stall_seconds"`
	Inside    int       `json:"requests_inside"`
	Over      bool      `json:"over"`
}

// A Victim is one worker's part in an incident.
type Victim struct {
	Worker int       `json:"worker"`
	PID    int       `json:"pid"`
	Since  time.Time `json:"since"`
	From   float64   `json:"from_seconds"`
	To     *float64  `json:"to_seconds,omitempty"`
	End    string    `json:"end,omitempty"`
}

// A Cause is why a worker makes no progress, or died.
type Cause struct {
	Kind       string              `json:"kind"`
	Confidence diagnose.Confidence `json:"confidence"`
	Short      string              `json:"short"`
	Sentence   string              `json:"sentence"`
	Path       string              `json:"path,omitempty"`
	Inode      uint64              `json:"inode,omitempty"`
	Remote     string              `json:"remote,omitempty"`
	Holders    []Holder            `json:"holders,omitempty"`
	Where      string              `json:"where,omitempty"`
	Stack      []string            `json:"stack,omitempty"`
	Chain      []string            `json:"chain,omitempty"`
	Cycle      bool                `json:"cycle,omitempty"`
	Graph      *Graph              `json:"graph,omitempty"`
	Session    uint64              `json:"session,omitempty"` // of a database, that keeps the others
	Remedy     string              `json:"remedy,omitempty"`
	Prevention string              `json:"prevention,omitempty"`
	Evidence   []uint64            `json:"evidence,omitempty"` // numbers of records in the recording
}

// A Graph is who waits for whom: each node waits for those to which its edges lead. The first node is where it begins.
type Graph struct {
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// A Node is something that waits, or that others wait for.
type Node struct {
	Kind  string `json:"kind"` // request, thread, task, process, lock, pipe, socket, disk, terminal, session, key
	Label string `json:"label"`
	At    string `json:"at,omitempty"` // its line of code; of a session its statement
}

// An Edge leads from one node to another that it waits for; both are places in the list of nodes, from 0.
type Edge struct {
	From  int    `json:"from"`
	To    int    `json:"to"`
	Label string `json:"label"`
}

// newGraph is none where it has nothing to say beyond what stands still.
func newGraph(g diagnose.Graph) *Graph {
	if len(g.Edges) == 0 {
		return nil
	}
	out := &Graph{}
	for _, n := range g.Nodes {
		out.Nodes = append(out.Nodes, Node(n))
	}
	for _, e := range g.Edges {
		out.Edges = append(out.Edges, Edge(e))
	}
	return out
}

// A Holder is a process that holds what others wait for.
type Holder struct {
	PID     int    `json:"pid"`
	Command string `json:"command,omitempty"`
	Creator bool   `json:"creator"`
	Dead    bool   `json:"dead,omitempty"`
}

// NewIncident is an incident as it stands now; began is the wall clock at the run's zero.
func NewIncident(in diagnose.Incident, now time.Duration, began time.Time) Incident {
	out := Incident{
		ID: in.ID, Kind: in.Kind, Cause: newCause(in.Cause), Victims: []Victim{}, Fault: in.Fault,
		Since: began.Add(in.Began), Detected: began.Add(in.Detected),
		Began: in.Began.Seconds(), Found: in.Detected.Seconds(), Ended: secondsOrNone(in.Ended),
		Recovered: secondsOrNone(in.Recovered),
		Longest:   in.Longest(now).Seconds(), Inside: in.Cost.Inside, Over: in.Ended >= 0,
	}
	for _, v := range in.Victims {
		out.Victims = append(out.Victims, Victim{v.Place, v.PID, began.Add(v.From), v.From.Seconds(),
			secondsOrNone(v.To), v.End})
	}
	return out
}

func newCause(c diagnose.Cause) Cause {
	return Cause{
		Kind: c.Kind, Confidence: c.Confidence, Short: c.Short, Sentence: c.Sentence, Path: c.Path, Inode: c.Inode,
		Remote: c.Remote, Holders: newHolders(c.Holders),
		Where: c.Where, Stack: c.Stack, Chain: c.Chain, Cycle: c.Cycle, Graph: newGraph(c.Graph), Session: c.Session, Remedy: c.Remedy, Prevention: c.Prevention,
		Evidence: c.Evidence,
	}
}

func newHolders(all []history.LockHolder) []Holder {
	var out []Holder
	for _, h := range all {
		out = append(out, Holder{h.PID, h.Command, h.Creator, h.Dead})
	}
	return out
}

// secondsOrNone is none for the -1 of what has not happened.
func secondsOrNone(d time.Duration) *float64 {
	if d < 0 {
		return nil
	}
	s := d.Seconds()
	return &s
}

// seconds is a time of the JSON, which is in seconds.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
