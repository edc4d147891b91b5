package command

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/probe/discovery"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/words"
)

// A loadedServer is the server that a load goes to, and what its workers do meanwhile.
type loadedServer struct {
	target *discovery.Target // nil: nobody looks
	why    string            // nobody does
	look   *report.LookBuilder
}

// findLoaded finds the server that listens where a load goes to, if it is on this machine and is to be looked at.
func (f *loadFlags) findLoaded(ctx context.Context, u *url.URL) (s loadedServer) {
	watched := !f.Max
	if f.Given("watch") {
		watched = f.watch
	}
	hint := discovery.Hint{Socket: f.Socket}
	if f.Socket == "" {
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		hint.Port, _ = strconv.Atoi(port) // ParseURL has asked
	}
	switch {
	case !watched && f.Max:
		s.why = "with --max the processors are the load's; --watch looks"
		return s
	case !watched:
		s.why = "--watch=false"
		return s
	case f.Socket == "" && !here(ctx, u.Hostname()):
		s.why = "the server is on another machine"
		return s
	}
	target, err := discovery.FindSettled(ctx, hint)
	if err != nil {
		s.why = err.Error()
		return s
	}
	target.HangAfter = diagnose.DefaultHangAfter
	s.target, s.look = &target, report.NewLookBuilder()
	return s
}

// here says whether a host is this machine's loopback: at another address of it somebody else may answer.
func here(ctx context.Context, host string) bool {
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for _, a := range addresses {
		if !a.IsLoopback() {
			return false
		}
	}
	return err == nil && len(addresses) > 0
}

// sink takes what the look needs: the hits are the generator's to tell.
func (s *loadedServer) sink(records []history.Record) error {
	for _, r := range records {
		switch r.Event.(type) {
		case history.Hit, history.HitWindow:
		default:
			s.look.Add(r)
		}
	}
	return nil
}

// hangs are the hangs that were seen.
func (s *loadedServer) hangs() int {
	if s.look == nil {
		return 0
	}
	n := 0
	for _, in := range s.look.Incidents() {
		if in.Kind == diagnose.KindHang {
			n++
		}
	}
	return n
}

// tell says what was seen of the workers, or why nothing was.
func (s *loadedServer) tell(out io.Writer) {
	if s.target == nil {
		fmt.Fprintf(out, "workers     not observed: %s\n", words.Printable(s.why))
		return
	}
	incidents := s.look.Incidents()
	fmt.Fprintf(out, "workers     %s of pid %d (%s), %s, %s\n", words.Count(len(s.look.Workers()), "worker"), s.target.Arbiter,
		words.Printable(discovery.Command(s.target.Arbiter)), words.Count(s.hangs(), "hang"),
		words.Count(len(incidents)-s.hangs(), "death"))
	for _, in := range incidents {
		what := "hang"
		if in.Kind == diagnose.KindCrash {
			what = "death"
		}
		who := ""
		for i, v := range in.Victims {
			if i > 0 {
				who += ", "
			}
			who += fmt.Sprintf("worker %d (pid %d)", v.Place, v.PID)
		}
		fmt.Fprintf(out, "  %-8s  %s since %s for %s: %s\n", what, words.Printable(who), words.Watch(in.Began),
			words.Seconds(in.Longest(s.look.Now())), words.Printable(in.Cause.Sentence))
	}
}
