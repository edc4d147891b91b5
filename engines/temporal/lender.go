package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc/codes"

	"github.com/hangtime-dev/hangtime/reference-server/arbiter"
	"github.com/hangtime-dev/hangtime/reference-server/board"
)

// Times of the arbiter's client. A namespace may be asked for its list ten times a second, by default and by all together.
const (
	findLimit = 15 * time.Second
	lookEvery = 500 * time.Millisecond
)

// A lender looks at the queue, and gives back what dead workers held: Temporal would miss their heartbeats only after
// temporal-ack-wait. Several that share a queue do each other no harm.
type lender struct {
	client  client.Client
	own     *Settings
	board   *board.Board
	now     func() int64
	gone    func(ctx context.Context, lost int)
	made    string // the namespace's id: one that was made anew has another
	answers *answers
	stop    context.CancelFunc
	looks   chan struct{} // closed when it looks no more
}

func openLender(p arbiter.LenderParts) (arbiter.Lender, error) {
	own := Of(p.Queue)
	c, err := open(own, "hangtime arbiter")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &lender{client: c, own: own, board: p.Board, now: p.Now, gone: p.Vanished, answers: newAnswers(), stop: stop, looks: make(chan struct{})}
	for until := time.Now().Add(findLimit); ; pause(ctx, askAgain) {
		made, err := l.look(ctx)
		if err == nil {
			l.made = made
			break
		}
		if refused(err) || time.Now().After(until) {
			stop()
			c.Close()
			return nil, l.wrong(err)
		}
	}
	go l.follow(ctx)
	return l, nil
}

// wrong says what to do about a server that cannot be used.
func (l *lender) wrong(err error) error {
	var none *serviceerror.NamespaceNotFound
	switch code := serviceerror.ToStatus(err).Code(); {
	case errors.As(err, &none):
		return fmt.Errorf("temporal-namespace: there is no %q at %s; `temporal operator namespace create` makes one", l.own.Namespace, l.own.Address)
	case code == codes.Unimplemented:
		return fmt.Errorf("temporal-address: want a Temporal server of 1.32 or later, which keeps activities without a workflow: %w", err)
	}
	return fmt.Errorf("find the namespace %s at temporal-address %s: %w", l.own.Namespace, l.own.Address, err)
}

func (l *lender) follow(ctx context.Context) {
	defer close(l.looks)
	for ctx.Err() == nil {
		pause(ctx, lookEvery)
		made, err := l.look(ctx)
		if err == nil && made != l.made {
			l.made = made
			l.gone(ctx, l.board.Leases.Vanish(l.now()))
		}
	}
}

// look writes on the board how the queue is, and says what the namespace's id is.
func (l *lender) look(ctx context.Context) (made string, err error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	began := l.now()
	namespace, err := l.client.WorkflowService().DescribeNamespace(ctx,
		&workflowservice.DescribeNamespaceRequest{Namespace: l.own.Namespace})
	if err != nil {
		return "", err
	}
	all, err := unended(ctx, l.client, l.own)
	if err != nil {
		return "", err
	}
	held := min(all, l.board.Workers.Held())
	l.board.Queue.Set(board.Queue{Depth: all - held, InFlight: held}, began)
	return namespace.GetNamespaceInfo().GetId(), nil
}

// GiveBack goes by what the board knows that the worker had; what was on its way to it comes back by itself, later.
func (l *lender) GiveBack(_ uint64, loans []board.Loan) error {
	for _, loan := range loans {
		said := again(0)
		if loan.Ended {
			said = nil
		}
		l.answers.add(func(ctx context.Context) error {
			return l.client.CompleteActivityByActivityID(ctx, l.own.Namespace, nameIn(loan.Token), "", nil, said)
		})
	}
	return nil
}

// Close gives back what the last workers had; from a server that is away they come back after temporal-ack-wait.
func (l *lender) Close() error {
	l.stop()
	<-l.looks
	l.answers.close(closeLimit)
	l.client.Close()
	return nil
}
