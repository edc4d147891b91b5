package temporal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/hangtime-dev/hangtime/reference-server/lending"
)

// A task is an activity without a workflow (a standalone activity, docs.temporal.io/standalone-activity): Temporal keeps
// it until it has succeeded or failed for good, and lends it to whoever asks its task queue.
const activity = "hangtime-task"

// A task has no end by the clock here, as task-timeout is the server's own; Temporal wants one of every activity.
const longest = 365 * 24 * time.Hour

// soonest is the pause before an activity is lent again at once; Temporal's timers add about a second to every pause.
const soonest = time.Millisecond

// nameOf is the activity's id. One that has ended keeps it for as long as the namespace remembers it, so that a key is
// known for as long.
func nameOf(s lending.Submission, queue string) string {
	if s.Key == "" {
		return s.ID
	}
	sum := sha256.Sum256([]byte(queue + " " + s.Key)) // short enough for a token, however long the key
	return "key-" + hex.EncodeToString(sum[:])
}

// start gives a task to Temporal, which has it in its database when it answers.
func start(ctx context.Context, c client.Client, own *Settings, name string, s lending.Submission) error {
	_, err := c.ExecuteActivity(ctx, client.StartActivityOptions{ID: name, TaskQueue: own.Queue,
		StartToCloseTimeout: longest, HeartbeatTimeout: own.AckWait, StartDelay: s.Delay,
		ActivityIDReusePolicy: enums.ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE,
		// How often it is tried is decided here; Temporal would count a worker's end as a try of its own.
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: soonest, BackoffCoefficient: 1},
	}, activity, json.RawMessage(s.Body))
	return err
}

// firstUnder is the id of the task that came first under a name.
func firstUnder(ctx context.Context, c client.Client, name string) (string, error) {
	said, err := c.GetActivityHandle(client.GetActivityHandleOptions{ActivityID: name}).Describe(ctx,
		client.DescribeActivityOptions{IncludeInput: true})
	if err != nil {
		return "", err
	}
	var letter struct {
		ID string `json:"id"`
	}
	err = said.GetInput(&letter)
	return letter.ID, err
}

// again is what is said of an attempt that is to be followed by another after a pause.
func again(after time.Duration) error {
	return temporal.NewApplicationErrorWithOptions("it is to be tried again", "again",
		temporal.ApplicationErrorOptions{NextRetryDelay: max(after, soonest)})
}

// aside is what is said of an activity that is to fail for good: Temporal's failed activities are the dead letters.
func aside(reason string, tries int) error {
	return temporal.NewApplicationErrorWithOptions(reason, "dead-lettered",
		temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{tries}})
}

// token names an attempt, and nameIn is the activity's id in it.
func token(name string, attempt int32) string { return fmt.Sprintf("%d/%s", attempt, name) }

func nameIn(token string) string {
	attempt, name, ok := strings.Cut(token, "/")
	if _, err := strconv.Atoi(attempt); err != nil || !ok {
		return token
	}
	return name
}

// unended counts the activities of a queue that have not ended, by Temporal's list of them, which is a moment late.
func unended(ctx context.Context, c client.Client, own *Settings) (int, error) {
	said, err := c.CountActivities(ctx, client.CountActivitiesOptions{
		Query: fmt.Sprintf("TaskQueue = '%s' AND ExecutionStatus = 'Running'", own.Queue)})
	if err != nil {
		return 0, err
	}
	return int(said.Count), nil
}
