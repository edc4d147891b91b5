package command

import (
	"errors"
	"fmt"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/verdict"
)

// Exit codes, the same for every command.
const (
	exitPass        = 0
	exitFail        = 1   // the world did not behave as the scenario says
	exitUsage       = 2   // the command line, a file or a scenario is wrong
	exitUnknown     = 3   // not enough was seen to judge, or the run could not be carried out
	exitInterrupted = 130 // a person or a signal ended it
)

// exit is an error that carries the exit code; err may be nil where all was said.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprint("exit code ", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// outcome turns verdict and error into the exit code.
func outcome(r *report.Report, err error) error {
	code := exitPass
	switch {
	case errors.Is(err, run.ErrInterrupted) || r.Interrupted != "":
		return &exit{exitInterrupted, run.WithoutInterrupt(err)}
	case err != nil:
		code = exitUnknown
	case r.Verdict.Outcome == verdict.Fail:
		code = exitFail
	case r.Verdict.Outcome == verdict.Unknown:
		code = exitUnknown
	}
	if code == exitPass {
		return nil
	}
	return &exit{code, err}
}

// joinExit adds an error to one that may carry an exit code.
func joinExit(err, more error) error {
	if more == nil {
		return err
	}
	var coded *exit
	if errors.As(err, &coded) {
		return &exit{coded.code, errors.Join(coded.err, more)}
	}
	return &exit{exitUnknown, errors.Join(err, more)}
}
