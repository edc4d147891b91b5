package faults

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// stallHarm stops reading what the server prints, as a stuck log collector does. The writer is woken by the end of
// hangtime: its pipe breaks.
type stallHarm struct{ pipe *pipe }

func (stallHarm) aim(_ context.Context) ([]target, error) {
	return []target{{words: "the reader of the server's standard output"}}, nil
}

func (s stallHarm) strike(context.Context, target) (effect, error) {
	s.pipe.hold()
	return effect{pid: os.Getpid(), detail: fmt.Sprintf("nobody reads the pipe of %d bytes", pipeSize),
		heal: func() (string, error) {
			s.pipe.release()
			return "", nil
		}}, nil
}

func prepareStall(_ scenarios.Fault, field Field, _ *Guardian) (harm, error) {
	if field.Ground == nil || field.Ground.pipe == nil {
		return nil, errors.New("the server's standard output is not a pipe that hangtime reads")
	}
	return stallHarm{field.Ground.pipe}, nil
}

// layPipe makes the pipe to which the server prints.
func layPipe(_ context.Context, gr *Ground, _ scenarios.Fault, _ scenarios.Server, _ string, _ *Guardian) (err error) {
	if gr.pipe == nil {
		gr.pipe, err = newPipe()
	}
	return err
}
