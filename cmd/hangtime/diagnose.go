package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/diagnose"
	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/words"
)

const (
	// lookFor is how long diagnose looks: a little more than the second that a loop may stand still before it is hung.
	lookFor = 1250 * time.Millisecond
	// lookMost is how long it looks while a worker is suspect: a thread of a pool may take 5 s, and on a machine that is so busy that hangtime itself is late, time counts less.
	lookMost = 7 * time.Second
	lookStep = 100 * time.Millisecond
)

func diagnoseCommand() *cobra.Command {
	var target targetFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diagnose PID",
		Short: "look once at a running server: which worker hangs, since when, why",
		Long: `diagnose looks at a running server for about 1.2 s, for up to 7 s while a worker is suspect, and says which of its workers hang, since when and why, with the evidence.
It only reads: no signal, no ptrace, no pause. As the server's own user it sees nearly all; what it may not see, it names.

Exit codes: 0 healthy, 1 hung, 2 the command line is wrong, 3 the server could not be looked at, or too little of it to say.`,
		Example: `  hangtime diagnose 4242
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
	target, err := flags.find()
	if err != nil {
		return err
	}
	l, lock := newLooker(), sync.Mutex{}
	w, err := startWatching(cmd.Context(), target, func(records []history.Record) error {
		lock.Lock()
		defer lock.Unlock()
		for _, r := range records {
			if _, over := r.Event.(history.VariantEnded); !over { // the end of our look is none of the server
				l.add(r)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var look lookJSON
	for span := lookFor; ; span = lookStep {
		time.Sleep(span)
		lock.Lock()
		look = l.look(target, w.began)
		lock.Unlock()
		if !undecided(look) || time.Since(w.began) >= lookMost {
			break
		}
	}
	unseen := blindness(w.probe.Workers(), target)
	if err := w.stop(""); err != nil {
		return &exit{exitUnknown, err}
	}
	look.Unseen = append(unseen, l.trouble...)
	blinding := slices.IndexFunc(unseen, func(text string) bool { return strings.HasPrefix(text, "not seen: descriptors") })
	look.Blind = look.Healthy && blinding >= 0
	if len(look.Workers) == 0 {
		err = fmt.Errorf("%s: no worker was found", describe(target))
		if !asJSON {
			return &exit{exitUnknown, err}
		}
	}
	out := cmd.OutOrStdout()
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = errors.Join(err, enc.Encode(look))
	} else {
		err = printLook(out, look)
	}
	switch {
	case err != nil:
		return &exit{exitUnknown, err}
	case !look.Healthy:
		return &exit{exitFail, nil}
	case look.Blind:
		return &exit{exitUnknown, errors.New("no hang was seen, but what shows one may not be read: " + unseen[blinding])}
	}
	return nil
}

// undecided says whether a worker may turn out to hang.
func undecided(look lookJSON) bool {
	return slices.ContainsFunc(look.Workers, func(w workerJSON) bool { return w.State == string(diagnose.Suspect) })
}

// printLook writes a look for people.
func printLook(out io.Writer, look lookJSON) error {
	p := &printer{out: out}
	p.line("%s", serverLine(look))
	for _, w := range look.Workers {
		p.line("%s", workerLine(w))
		if c := w.Cause; c != nil {
			p.line("    why:      %s (%s)", c.Sentence, c.Confidence)
			for i, frame := range c.Stack {
				name := "    stack:   "
				if i > 0 {
					name = "             "
				}
				if i == 12 {
					p.line("%s … %d more", name, len(c.Stack)-i)
					break
				}
				p.line("%s %s", name, frame)
			}
			for _, link := range c.Chain {
				p.line("    chain:    %s", link)
			}
			if c.Remedy != "" {
				p.line("    remedy:   %s", c.Remedy)
			}
		}
		if w.State == "hung" || w.State == "stopped" || w.State == "suspect" {
			for _, t := range w.Threads {
				p.line("    thread:   %s", threadLine(t))
			}
		}
	}
	for _, text := range look.Unseen {
		p.line("%s", text)
	}
	verdict := "healthy: no worker hangs"
	if look.Blind {
		verdict = "unknown: no hang was seen, but requests could not be"
	}
	if hung := countHung(look.Workers); hung > 0 {
		verdict = fmt.Sprintf("HUNG: %d of %d workers", hung, len(look.Workers))
	}
	p.line("%s", verdict)
	return p.err
}

// A printer keeps the first error of many lines.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.out, words.Printable(fmt.Sprintf(format, args...)))
	}
}

func countHung(all []workerJSON) int {
	n := 0
	for _, w := range all {
		if w.State == "hung" || w.State == "stopped" {
			n++
		}
	}
	return n
}

func serverLine(look lookJSON) string {
	text := fmt.Sprintf("server pid %d", look.Server.PID)
	if look.Server.Command != "" {
		text += " (" + look.Server.Command + ")"
	}
	if look.Server.Address != "" {
		text += " at " + look.Server.Address
	}
	if look.Backlog != nil {
		text += fmt.Sprintf(", backlog %d of %d", look.Backlog.Waiting, look.Backlog.Limit)
	}
	return text
}

func workerLine(w workerJSON) string {
	text := fmt.Sprintf("worker %d  pid %-7d %-8s", w.Worker, w.PID, w.State)
	if w.State == "hung" || w.State == "stopped" || w.State == "suspect" {
		text += fmt.Sprintf(" for %.1f s", w.For)
	}
	if w.Inside > 0 {
		text += fmt.Sprintf("  %d inside, oldest %.1f s", w.Inside, w.Oldest)
	}
	if w.Label != "" {
		text += "  (" + w.Label + ")"
	}
	return text
}

func threadLine(t threadRow) string {
	text := fmt.Sprintf("%d %-15s %s", t.TID, t.Name, t.State)
	if t.Still > 0 {
		text += fmt.Sprintf(" still %.1f s", t.Still)
	}
	if t.Syscall != "" {
		text += " in " + t.Syscall
		if t.Args != "" {
			text += "(" + t.Args + ")"
		}
	}
	if t.Wchan != "" {
		text += " [" + t.Wchan + "]"
	}
	if t.Idle {
		text += " idle"
	}
	return text
}
