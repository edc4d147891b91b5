package run

import (
	"os"
	"os/signal"
	"syscall"
)

// A Conductor is what can be run and stopped: a scenario, or a load alone.
type Conductor interface {
	Conduct() error
	Stop(by string)
}

// ConductUntilSignalled runs without a screen; SIGINT, SIGTERM and SIGHUP end it in order, a second one this process, with
// an exit code: the guardian mends what is left.
func ConductUntilSignalled(r Conductor, code int) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for n := 0; ; n++ {
			select {
			case s := <-signals:
				if n > 0 {
					os.Exit(code)
				}
				r.Stop(signalName(s))
			case <-done:
				return
			}
		}
	}()
	return r.Conduct()
}

func signalName(s os.Signal) string {
	switch s {
	case syscall.SIGINT:
		return "Ctrl-C (SIGINT)"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGHUP:
		return "SIGHUP"
	}
	return s.String()
}
