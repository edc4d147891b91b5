package command

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/words"
)

// A loadedServer is the server that a load goes to, and what its workers do meanwhile.
type loadedServer struct {
	lookout *run.Lookout // nil: nobody looks
	server  report.Server
	why     string // nobody does
	look    *report.LookBuilder
}

// findLoaded finds it, if it is to be looked at.
func (f *loadFlags) findLoaded(ctx context.Context, u *url.URL) *loadedServer {
	s := &loadedServer{look: report.NewLookBuilder()}
	switch {
	case f.Given("watch") && !f.watch:
		s.why = "--watch=false"
		return s
	case f.Max && !f.Given("watch"):
		s.why = "with --max the processors are the load's; --watch looks"
		return s
	}
	if err := s.find(ctx, u, f.Socket); err != nil {
		s.why = err.Error()
	}
	return s
}

// tell says what was seen of the workers, or why nothing was.
func (s *loadedServer) tell(out io.Writer) {
	if s.lookout == nil {
		fmt.Fprintf(out, "workers     not observed: %s\n", words.Printable(s.why))
		return
	}
	s.look.WriteWorkers(out, s.server)
}
