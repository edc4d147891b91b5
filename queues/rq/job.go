package rq

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/queues"
)

const (
	stamp       = "2006-01-02T15:04:05.000000Z" // as RQ writes times
	kept        = time.Hour                     // results and failures, so that the ledger can ask for them
	ownTimeout  = 180 * time.Second             // of a job, RQ's default
	mostTrouble = 1 << 20                       // bytes of a traceback
)

// record is a job's hash, as Queue.enqueue writes it: field, value, field, value …
func record(task queues.Task, place queues.Place, queue string, now time.Time) ([]string, error) {
	data, err := pickled(task)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(data) // into memory
	_ = z.Close()
	timeout := ownTimeout
	if place.Timeout > 0 {
		timeout = place.Timeout
	}
	at, keep := now.UTC().Format(stamp), strconv.Itoa(int(kept.Seconds()))
	fields := []string{
		"status", "queued", "created_at", at, "enqueued_at", at, "origin", queue, "data", packed.String(),
		"description", task.Name + "()", "timeout", strconv.Itoa(int(timeout.Seconds())), "result_ttl", keep, "failure_ttl", keep,
		"started_at", "", "ended_at", "", "last_heartbeat", "", "worker_name", "", "group_id", "",
		"success_callback_name", "", "failure_callback_name", "", "stopped_callback_name", "",
	}
	if place.Retries > 0 {
		fields = append(fields, "retries_left", strconv.Itoa(place.Retries), "retry_intervals", "[0]")
	}
	return fields, nil
}

// failure says how a failed job ended, by the text that RQ stored with the result: its worker's words where that one lost
// the process of the job, else the traceback.
func failure(stored string) string {
	text := stored
	if packed, err := base64.StdEncoding.DecodeString(stored); err == nil {
		if z, err := zlib.NewReader(bytes.NewReader(packed)); err == nil {
			if all, err := io.ReadAll(io.LimitReader(z, mostTrouble)); err == nil {
				text = string(all)
			}
		}
	}
	switch {
	case strings.HasPrefix(text, "Work-horse terminated unexpectedly"), strings.Contains(text, "AbandonedJobError"),
		strings.HasPrefix(text, "Job was stuck in intermediate queue"):
		return queues.Lost
	case strings.Contains(text, "JobTimeoutException"):
		return queues.TimedOut
	}
	return queues.Failed
}
