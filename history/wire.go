package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// A wireRecord is a record as a recording has it.
type wireRecord struct {
	Seq   uint64          `json:"seq"`
	At    time.Duration   `json:"at"` // nanoseconds
	Kind  string          `json:"kind"`
	Event json.RawMessage `json:"event"`
}

// MarshalJSON writes the one line that a record is in a recording.
func (r Record) MarshalJSON() ([]byte, error) {
	if r.Event == nil {
		return nil, fmt.Errorf("record %d has no event", r.Seq)
	}
	body, err := json.Marshal(r.Event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(wireRecord{r.Seq, r.At, r.kind(), body})
}

// UnmarshalJSON reads such a line; a kind that this version does not know is an error that names it.
func (r *Record) UnmarshalJSON(line []byte) error {
	var w wireRecord
	if err := json.Unmarshal(line, &w); err != nil {
		return err
	}
	ev, err := decode(w.Kind, w.Event)
	if err != nil {
		return fmt.Errorf("record %d: %w", w.Seq, err)
	}
	*r = Record{w.Seq, w.At, ev}
	return nil
}

func decode(kind string, body []byte) (Event, error) {
	if example, ok := byKind()[kind]; ok {
		if body = bytes.TrimSpace(body); len(body) == 0 || body[0] != '{' {
			return nil, fmt.Errorf("%s: want what happened as an object, got %.40q", kind, body)
		}
		return example.decode(body)
	}
	return nil, fmt.Errorf("kind %q is not known to this version of hangtime", kind)
}

var byKind = sync.OnceValue(func() map[string]Example {
	all := map[string]Example{}
	for _, example := range All() {
		all[example.kind()] = example
	}
	return all
})

// All returns a zero value of every event type, in the order of the files of this package.
func All() []Example {
	return []Example{
		of[Header](), of[VariantStarted](), of[VariantEnded](), of[PhaseStarted](), of[Tick](), of[Interrupted](),
		of[Aborted](), of[Trouble](), of[RunEnded](),
		of[LoadStarted](), of[LoadWindow](), of[GeneratorBound](), of[HitWindow](), of[Hit](), of[Ledger](),
		of[TaskLog](), of[RateChanged](),
		of[FaultAsked](), of[FaultInEffect](), of[FaultHealed](), of[FaultFailed](),
		of[ServerStarted](), of[ServerSaid](), of[ServerStopped](), of[WorkerSeen](), of[WorkerGone](), of[WorkerReleased](),
		of[WorkerSample](), of[ThreadSample](), of[LockWait](), of[Listener](), of[Heartbeat](),
		of[MutexWait](), of[PipeWait](), of[DiskWait](), of[SocketWait](), of[ChildWait](), of[TerminalWait](),
		of[SemaphoreWait](), of[Chain](), of[Upstream](), of[Halted](), of[Looked](), of[Unseen](), of[Stack](), of[Descriptors](),
		of[Cgroup](), of[Overflow](), of[SignalSeen](), of[QueueSetting](), of[Sessions](),
	}
}

// An Example is a zero event that can decode another of its type.
type Example struct {
	Event
	decode func([]byte) (Event, error)
}

func of[E Event]() Example {
	var zero E
	return Example{zero, func(body []byte) (Event, error) {
		var ev E
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&ev); err != nil {
			return nil, fmt.Errorf("%s: %w", zero.kind(), err)
		}
		return ev, nil
	}}
}
