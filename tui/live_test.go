package tui

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"go.uber.org/goleak"
)

// A terminal that is gone (its input at an end, its output closed) or a context that is done must end the screen, or
// the run could not heal.
func TestAScreenEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	in, typed := io.Pipe()
	defer typed.Close()
	ctx, cancel := context.WithCancel(context.Background())
	m := modelOf(hangReport(4), 80, 24)
	ended := make(chan error, 1)
	var out bytes.Buffer
	go func() {
		_, err := newProgram(m, &out, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithInput(in),
			tea.WithWindowSize(80, 24)).Run()
		ended <- err
	}()
	cancel()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
	in.Close()
}
