package celery

import (
	"encoding/json"

	"github.com/hangtime-dev/hangtime/queues"
)

// stateOf reads what Celery has stored as the result of a task; empty: it has not ended.
func stateOf(result string) string {
	var r struct {
		Status string `json:"status"`
		Result struct {
			Type string `json:"exc_type"`
		} `json:"result"`
	}
	// The result of a task that ended well is whatever it returned, which need not be an object.
	_ = json.Unmarshal([]byte(result), &r)
	switch r.Status {
	case "SUCCESS":
		return queues.Done
	case "FAILURE":
		switch r.Result.Type {
		case "WorkerLostError", "Terminated": // the pool's child died, by a signal or by itself
			return queues.Lost
		case "TimeLimitExceeded", "SoftTimeLimitExceeded":
			return queues.TimedOut
		}
		return queues.Failed
	case "REVOKED", "REJECTED", "IGNORED":
		return queues.Failed
	}
	return "" // PENDING, RECEIVED, STARTED, RETRY
}
