package history

import "time"

// Sessions is what a database says of its sessions while a worker that is connected to it is under suspicion: those that
// wait, those that these wait for, and those of the worker. It is recorded once a second, and once more in between where another worker has come.
type Sessions struct {
	Database string    `json:"database"`       // "PostgreSQL at 127.0.0.1:5432"
	System   string    `json:"system"`         // "PostgreSQL", "MySQL", "MariaDB" or "Redis"
	All      []Session `json:"sessions"`       // at most 200: those that wait first
	Keys     []Key     `json:"keys,omitempty"` // that workers wait for as locks
	Trouble  string    `json:"trouble,omitempty"`
}

// Key is a key of Redis that stands for a lock: whoever has made it has the lock.
type Key struct {
	Name string        `json:"name"`
	Free bool          `json:"free,omitempty"` // it is not there: nobody has the lock
	Left time.Duration `json:"left,omitempty"` // until it expires; 0: it never does
	Age  time.Duration `json:"age,omitempty"`  // since it was made, where its value says so; 0: not known
	// Clients that are connected since before it was made, those of the workers that wait for it left out: one of them may
	// have made it. Where its age is known.
	Since int `json:"since,omitempty"`
}

// Session is one client's connection to a database, as that has it.
type Session struct {
	ID     uint64 `json:"id"`
	Client string `json:"client,omitempty"` // "ADDRESS:PORT"; else what the database says; empty: it came by a unix socket
	// The session's own process, where it is on this machine for sure; 0: not known.
	Process int           `json:"process,omitempty"`
	Peer    Peer          `json:"peer,omitzero"`  // who has its other end, on this machine; pid 0: not known
	State   string        `json:"state"`          // "active", "idle", "idle in transaction", "blocked"
	For     time.Duration `json:"for"`            // since when
	Open    time.Duration `json:"open,omitempty"` // since its transaction began; 0: none is open
	// Since it is connected; 0: not said.
	Connected time.Duration `json:"connected,omitempty"`
	// What it does, or did last, without the values that it does it with.
	Statement string   `json:"statement,omitempty"`
	Waits     string   `json:"waits,omitempty"`    // for what that others have: "a row of account"
	Blockers  []uint64 `json:"blockers,omitempty"` // who has it, or is before it in the queue; 0: a prepared transaction
}

func (Sessions) kind() string { return "sessions" }
