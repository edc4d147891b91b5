package command

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
)

func diagnoseCommand() *cobra.Command {
	var target targetFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diagnose [PID]",
		Short: "look once at a running server: which worker hangs, since when, why",
		Long: `diagnose looks at a running server for about 1.2 s, or up to 7 s while a worker is suspect (20 s on a very busy machine), and says which of its workers hang, since when and why, with the evidence.
It only reads: no signal, no ptrace, no pause. Run as the server's own user it sees nearly everything; what it may not see, it names.
If you name no server, it lists those on this machine and asks which one you mean.

Slow is not hung. A worker hangs if its wait cannot end by itself, if others wait behind it, or if its work is older than --hang-after. Before that it is slow, which is
shown with the same cause and stack but is not a failure.

Exit codes: 0 healthy, 1 hung, 2 the command line is wrong, 3 the server could not be looked at, or too little was seen to say.`,
		Example: `  hangtime diagnose
  hangtime diagnose 4242
  hangtime diagnose --port 8000 --json
  hangtime diagnose --pidfile /run/gunicorn.pid`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				pid, err := strconv.Atoi(args[0])
				if err != nil || pid <= 0 {
					return &exit{exitUsage, fmt.Errorf("diagnose: want a process number, got %q", args[0])}
				}
				if target.pid != 0 {
					return &exit{exitUsage, errors.New("diagnose: two process numbers were given")}
				}
				target.pid = pid
			}
			return diagnoseOnce(cmd, target, asJSON)
		},
	}
	target.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs; docs/diagnosis.md describes it")
	return cmd
}

func diagnoseOnce(cmd *cobra.Command, flags targetFlags, asJSON bool) error {
	target, err := flags.find(cmd.Context())
	if err != nil {
		return err
	}
	b, lock := report.NewLookBuilder(), sync.Mutex{}
	w, err := run.Watch(cmd.Context(), target, run.Version(), func(records []history.Record) error {
		lock.Lock()
		defer lock.Unlock()
		for _, r := range records {
			b.Add(r)
		}
		return nil
	})
	if err != nil {
		return &exit{exitUnknown, err}
	}
	of := watched(w, target)
	var look report.Look
	err = w.Look(cmd.Context(), func() bool {
		lock.Lock()
		defer lock.Unlock()
		look = b.Look(of)
		return look.Undecided()
	})
	if err = errors.Join(err, w.End()); err != nil {
		return &exit{exitUnknown, err}
	}
	if len(look.Workers) == 0 {
		err = fmt.Errorf("%s: no worker was found", w.Describe())
		if !asJSON {
			return &exit{exitUnknown, err}
		}
	}
	if asJSON {
		err = errors.Join(err, look.JSON(cmd.OutOrStdout()))
	} else {
		err = look.Text(cmd.OutOrStdout())
	}
	switch {
	case err != nil:
		return &exit{exitUnknown, err}
	case look.Hung() > 0:
		return &exit{exitFail, nil}
	case look.Unknown:
		return &exit{exitUnknown, nil}
	case look.Blind:
		return &exit{exitUnknown, errors.New("no hang was seen, but what shows one may not be read: " + of.Blind)}
	}
	return nil
}
