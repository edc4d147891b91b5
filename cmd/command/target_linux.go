package command

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/databases"
	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/probe/discovery"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
)

// A targetFlags is which running server is meant.
type targetFlags struct {
	pid     int
	pidfile string
	port    int
	socket  string

	hangAfter time.Duration
	query     bool
	databases databases.Where
	cmd       *cobra.Command
}

func (t *targetFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	t.cmd = cmd
	flags.IntVar(&t.pid, "pid", 0, "process number of the server's arbiter, or of one of its workers")
	flags.StringVar(&t.pidfile, "pidfile", "", "file that holds the arbiter's process number")
	flags.IntVar(&t.port, "port", 0, "TCP port where the server listens")
	flags.StringVar(&t.socket, "socket", "", "path of the unix socket where it listens")
	flags.DurationVar(&t.hangAfter, "hang-after", diagnose.DefaultHangAfter,
		"age at which work counts as hung even if nobody is seen to wait behind it; before that it is slow")
	flags.StringVar(&t.databases.Postgres, "postgres", "", "PostgreSQL to ask who waits for whom while a worker is suspect: postgres://USER@HOST:PORT/DATABASE, or @FILE with that")
	flags.StringVar(&t.databases.MySQL, "mysql", "", "the same for MySQL or MariaDB: USER:PASSWORD@tcp(HOST:PORT)/")
	flags.StringVar(&t.databases.Redis, "redis", "", "the same for Redis: redis://HOST:PORT/")
	flags.BoolVar(&t.query, "query", false, "also show the part of a request's path after the question mark")
}

// find finds the server. Where it is named in no way, those of this machine are offered.
func (t *targetFlags) find(ctx context.Context) (discovery.Target, error) {
	ask, err := run.Ask(t.databases)
	if err != nil {
		return discovery.Target{}, &exit{exitUsage, err}
	}
	given := 0
	for _, is := range []bool{t.pid != 0, t.pidfile != "", t.port != 0, t.socket != ""} {
		if is {
			given++
		}
	}
	if t.hangAfter < time.Second {
		return discovery.Target{}, &exit{exitUsage, fmt.Errorf("--hang-after: want at least 1s, got %v", t.hangAfter)}
	}
	switch {
	case t.pid < 0:
		return discovery.Target{}, &exit{exitUsage, fmt.Errorf("--pid %d: want a process number", t.pid)}
	case t.cmd.Flags().Changed("port") && (t.port < 1 || t.port > 65535):
		return discovery.Target{}, &exit{exitUsage, fmt.Errorf("--port %d: want 1 to 65535", t.port)}
	}
	if given > 1 {
		return discovery.Target{}, &exit{exitUsage, errors.New(sayWhich)}
	}
	if given == 0 {
		pid, err := offer(t.cmd)
		if err != nil {
			return discovery.Target{}, err
		}
		t.pid = pid
	}
	server, err := discovery.FindSettled(ctx, discovery.Hint{PID: t.pid, Pidfile: t.pidfile, Port: t.port, Socket: t.socket})
	if err != nil {
		return discovery.Target{}, &exit{exitUnknown, err}
	}
	server.HangAfter, server.Query, server.Databases = t.hangAfter, t.query, ask
	return server, nil
}

// watched is what report tells of a server that is watched.
func watched(w *run.Watching, server discovery.Target) report.Watched {
	unseen, blind := w.Unseen()
	return report.Watched{
		Tool:   run.Version(),
		Server: told(server),
		Began:  w.Began(), Unseen: unseen, Blind: blind, Young: discovery.Young(server.Arbiter),
	}
}

// told is a server, with those behind it, as a look names them.
func told(t discovery.Target) report.Server {
	s := report.Server{PID: t.Arbiter, Command: discovery.Command(t.Arbiter), Address: t.Address}
	for _, one := range t.Behind {
		s.Behind = append(s.Behind, told(one))
	}
	return s
}

// find finds the server that a load goes to.
func (s *loadedServer) find(ctx context.Context, u *url.URL, socket string) error {
	target, err := run.FindLoaded(ctx, u, socket)
	if err != nil {
		return err
	}
	target.HangAfter = diagnose.DefaultHangAfter
	if target.Databases, err = run.Ask(databases.Where{}); err != nil {
		return err
	}
	s.lookout, s.server = run.LookAt(target), told(target)
	return nil
}
