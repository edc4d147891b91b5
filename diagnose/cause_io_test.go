package diagnose

import (
	"testing"
)

// TestAMessageQueueIsToldByItsCall: it is in no file system that anybody could see.
func TestAMessageQueueIsToldByItsCall(t *testing.T) {
	for call, want := range map[string]string{
		"mq_timedreceive": "its main thread is in mq_timedreceive (5 → /jobs): it waits for a message of a message queue",
		"msgsnd":          "its main thread is in msgsnd (5 → /jobs): it waits for room in a message queue",
	} {
		state := threadState{ThreadSample: stands(101, 101, call, 5*s)}
		state.Args = "5 → /jobs"
		p := newProcess(101, 1, 0)
		if c := bySyscall(p, standstill{thread: &state}); c.Kind != CauseEvent || c.Sentence != want {
			t.Errorf("%s: %s %q", call, c.Kind, c.Sentence)
		}
	}
}
