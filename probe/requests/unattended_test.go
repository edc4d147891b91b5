package requests

import (
	"testing"
	"time"

	"github.com/hangtime-dev/hangtime/kernel/sockdiag"
)

// TestAConnectionAtWhichNoThreadWaitsIsWorkedOn: of one on which a request may have come in the step of the clock in which
// the last answer left, where each connection has a thread.
func TestAConnectionAtWhichNoThreadWaitsIsWorkedOn(t *testing.T) {
	asks := sockdiag.Connection{State: sockdiag.Established, Inode: 7, Received: 90, Sent: 90, LastReceive: 2 * time.Second,
		LastSend: 2 * time.Second, SegmentsIn: 2, SegmentsOut: 3}
	source := &scripted{}
	r := &Reader{connections: newConnections(source)}
	start := time.Now()
	step := func(one sockdiag.Connection) Tally {
		source.there = []sockdiag.Connection{one}
		r.readAt = time.Now()
		if err := r.connections.refresh(start, true, true, nil, func(found func(uint32, int)) { found(7, 42) }); err != nil {
			t.Fatal(err)
		}
		return r.connections.of(42)
	}
	look := func(began time.Time, waited ...uint32) { r.Attend(42, began, waited) }
	later := asks
	later.Received, later.LastReceive, later.LastSend = 180, time.Second, time.Second
	for _, one := range []struct {
		name   string
		after  func()
		then   sockdiag.Connection
		inside int
	}{
		{"at first", func() {}, asks, 0},
		{"one look found nobody there", func() { look(time.Now(), 8) }, asks, 0},
		{"the next found its thread there", func() { look(time.Now(), 7) }, asks, 0},
		{"one look found nobody there", func() { look(time.Now()) }, asks, 0},
		{"the next began before it was asked", func() { look(start.Add(-time.Hour)) }, asks, 0},
		{"the next found nobody", func() { look(time.Now()) }, asks, 1},
		{"more has come since", func() {}, later, 0},
		{"one look found nobody there", func() { look(time.Now()) }, later, 0},
	} {
		one.after()
		if got := step(one.then); got.Inside != one.inside || got.Inside+got.Idle != 1 {
			t.Errorf("%s: %d inside and %d idle, want %d inside of 1", one.name, got.Inside, got.Idle, one.inside)
		}
	}
}
