package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hangtime-dev/hangtime/loadgen"
	"github.com/hangtime-dev/hangtime/report"
	"github.com/hangtime-dev/hangtime/run"
	"github.com/hangtime-dev/hangtime/scenarios"
	"github.com/hangtime-dev/hangtime/tui"
)

// loadFlags are the command line of the generator alone.
type loadFlags struct {
	scenarios.AloneFlags
	headless, json, noCeil bool
	watch                  bool
	allow                  []string
	engine, raw, hlog, out string
	seed                   uint64
}

func loadCommand() *cobra.Command {
	var f loadFlags
	cmd := &cobra.Command{
		Use:   "load URL",
		Short: "load a server, with response times that count from when each request was due",
		Long: `load sends requests to a server that is already running, and measures each response time from when the request was due, whether or not it could be sent then.

By default it is open loop: the rate does not depend on the server. --max and --shape closed are closed loop, as in most tools: users wait for their answers.
Requests that were sent late, never sent, or never answered are counted and are in every percentile. No request is ever silently sent a second time.

Only this machine is loaded, unless --allow names another.

A server on this machine is watched at the same time, as by hangtime watch: below what the clients saw, load says which worker hung, since when and why.

Exit codes: 0 the server answered, whatever it said, and no worker was seen to hang; 1 a worker hung; 2 the command line or a file is wrong; 3 nothing answered at all, or the load could not be sent;
130 interrupted.`,
		Example: `  hangtime load http://127.0.0.1:8000/ --rate 200/s --duration 30s
  hangtime load http://127.0.0.1:8000/task --method POST --body '{"work":"sleep"}' --shape ramp --rate 50/s --to 500/s --over 20s
  hangtime load http://127.0.0.1:8000/ --max --connections 64
  hangtime load http://127.0.0.1:8000/ --shape replay --log access.log --speed 10
  hangtime load http://127.0.0.1:8000/ --rate 100/s --raw results.bin && vegeta report results.bin`,
		Args: exactly(1, "one address, such as http://127.0.0.1:8000/"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.define(cmd)
	return cmd
}

func (f *loadFlags) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.Rate, "rate", "r", "100/s", "hits a second: 200/s, 6000/m")
	flags.DurationVarP(&f.Duration, "duration", "d", 10*time.Second, "how long hits are due (a replay: as long as its log)")
	flags.StringVar(&f.Shape, "shape", "constant", "how the rate changes: "+strings.Join(scenarios.ShapeNames(), ", "))
	flags.StringVar(&f.To, "to", "", "rate at the end of a ramp, on top of a spike or a sine")
	flags.DurationVar(&f.From, "from", 0, "when a ramp or a spike begins")
	flags.DurationVar(&f.Over, "over", 0, "how long a ramp or a spike takes (default for a ramp: the whole load), or the period of a sine")
	flags.StringVar(&f.Steps, "steps", "", "rates one after the other (shape step): 30s@50/s,1m@200/s")
	flags.StringVar(&f.Arrivals, "arrivals", "", "even, or poisson: random moments with the same mean rate")
	flags.IntVar(&f.Users, "users", 0, "users who wait for their answers (shape closed)")
	flags.DurationVar(&f.Think, "think", 0, "how long a user waits between an answer and the next hit")
	flags.BoolVar(&f.Max, "max", false, "as fast as the server answers: a closed loop of --connections users who do not think")
	flags.IntVarP(&f.Connections, "connections", "c", 0,
		"most hits in flight at once, each on its own connection (default 1024; with --max 64)")
	flags.StringVar(&f.Log, "log", "", "access log to send again (shape replay): Common, Combined or JSON lines")
	flags.Float64Var(&f.Speed, "speed", 1, "speed of a replay: 10 is ten times as fast as the log")
	flags.StringVar(&f.Targets, "targets", "", "file of targets in vegeta's http or json format; paths are below URL")
	flags.StringVarP(&f.Method, "method", "X", "", "method (default GET, or POST with a body)")
	flags.StringArrayVarP(&f.Header, "header", "H", nil, "header, as 'Name: value'; may be given again")
	flags.StringVarP(&f.Body, "body", "b", "", "body of each request")
	flags.StringVar(&f.BodyFile, "body-file", "", "file with the body of each request")
	flags.BoolVar(&f.Template, "template", false,
		"fill {{seq}}, {{counter}}, {{random MIN MAX}}, {{hex DIGITS}} and {{uuid}} in path, header and body anew for each hit")
	flags.IntSliceVar(&f.Expect, "expect", nil, "statuses that count as ok (default 200 to 399)")
	flags.DurationVarP(&f.Timeout, "timeout", "t", 30*time.Second, "time limit of one hit, from when it was sent")
	flags.StringVar(&f.Socket, "unix-socket", "", "connect to this unix socket instead of the URL's host")
	flags.BoolVar(&f.Ledger, "ledger", false, "follow each accepted task (202 with an id) to its end by asking the server")
	flags.StringVar(&f.engine, "engine", "", "fast or net/http (default: fast, if it can do what is asked)")
	flags.StringArrayVar(&f.allow, "allow", nil, "a host other than this machine that may be loaded; may be given again")
	flags.BoolVar(&f.noCeil, "no-ceilings", false,
		fmt.Sprintf("allow more than %d hits a second and %d connections", loadgen.MostRate, loadgen.MostSenders))
	flags.Uint64Var(&f.seed, "seed", 0, "seed of random moments and templates (0: a new one)")
	flags.BoolVar(&f.watch, "watch", true,
		"watch the server's workers at the same time, if it is on this machine, and say which hang (with --max: only if you give --watch)")
	flags.StringVar(&f.raw, "raw", "", "file for every hit in vegeta's encoding, for vegeta report, plot and encode")
	flags.StringVar(&f.hlog, "hlog", "", "file for a histogram log, which HdrHistogram's tools read")
	flags.StringVar(&f.out, "out", "", "folder for the recording and the report in all its forms, as with run")
	flags.BoolVar(&f.headless, "headless", false, "plain lines instead of the live screen (the default without a terminal)")
	flags.BoolVar(&f.json, "json", false, "only the figures as JSON on standard output; progress on standard error; implies --headless")
}

func (f *loadFlags) run(cmd *cobra.Command, address string) (err error) {
	u, err := scenarios.ParseURL(address)
	if err != nil {
		return &exit{exitUsage, err}
	}
	f.Given = cmd.Flags().Changed
	doc, err := f.Document(u, address)
	if err != nil {
		return &exit{exitUsage, err}
	}
	if f.Max && loadgen.RealTime() {
		return &exit{exitUsage, errors.New("--max: hangtime runs with real-time priority (chrt) here, and would leave the server and the machine no processor; run it without, or with --rate")}
	}
	files, err := run.CreateFiles(f.raw, f.hlog, f.out, scenarios.AloneName)
	if err != nil {
		return &exit{exitUsage, fmt.Errorf("--%w", err)}
	}
	defer func() { err = joinExit(err, files.Close()) }()
	options := run.AloneOptions{Document: doc, Tool: run.Version(), Length: f.Length(), Load: loadgen.Options{
		Seed: cmp.Or(f.seed, newSeed()), Allow: f.allow, Unlimited: f.noCeil, Engine: f.engine, Raw: files.Raw(),
	}}
	var screen *tui.Options
	if !f.headless && !f.json {
		if screen, err = screenFor(cmd); err != nil {
			return err
		}
	}
	options.Sinks = files.Sinks()
	server := f.findLoaded(cmd.Context(), u)
	if screen != nil {
		screen.Unwatched = server.why
	}
	if server.lookout != nil {
		options.Watch = server.lookout
		options.Sinks = append(options.Sinks, server.look.Sink)
	}
	var live *report.Live
	if screen != nil || f.out != "" { // else nobody needs the report, and its folds cost more than the load
		live = report.NewLive(nil)
		options.Sinks = append(options.Sinks, live.Sink)
	}
	alone, err := run.NewAlone(options)
	if err != nil {
		return &exit{exitUsage, err}
	}
	return f.send(cmd, alone, live, screen, server)
}

// send runs the attack under a screen or under lines of progress, and prints what it came to.
func (f *loadFlags) send(cmd *cobra.Command, alone *run.Alone, live *report.Live, screen *tui.Options, server *loadedServer) error {
	stdout := cmd.OutOrStdout()
	progress := stdout
	if f.json {
		progress = cmd.ErrOrStderr()
	}
	var err error
	if screen != nil {
		if f.out != "" {
			screen.Recording = run.RecordingIn(f.out, scenarios.AloneName)
		}
		err = loadOnScreen(alone, live, *screen)
	} else {
		lines := loadgen.NewProgress(progress, alone.Attack(), alone.Length())
		err = run.ConductUntilSignalled(alone, exitInterrupted)
		lines.Stop()
	}
	sum := alone.Attack().Summary()
	if f.out != "" {
		err = errors.Join(err, writeForms(f.out, live.Last()))
	}
	if f.json {
		err = errors.Join(err, alone.Attack().WriteJSON(stdout, sum))
	} else {
		err = errors.Join(err, alone.Attack().WriteText(stdout, alone.Length(), sum))
	}
	server.tell(progress)
	if err == nil && server.look.Hangs() == 0 { // else its workers say why
		err = alone.Attack().Unanswered(sum)
	}
	switch {
	case err == nil && server.look.Hangs() > 0:
		return &exit{exitFail, nil}
	case err == nil:
		return nil
	case errors.Is(err, run.ErrInterrupted):
		return &exit{exitInterrupted, run.WithoutInterrupt(err)}
	}
	return &exit{exitUnknown, err}
}

// loadOnScreen runs under the live screen; leaving the screen ends the attack.
func loadOnScreen(a *run.Alone, live *report.Live, options tui.Options) error {
	log.SetOutput(io.Discard) // net/http's client logs what a server says unasked, and would write over the screen
	ended := make(chan error, 1)
	go func() { ended <- run.ConductUntilSignalled(a, exitInterrupted) }()
	controls := tui.Controls{Stop: func() { a.Stop("q") }, SetRate: a.Attack().SetRate}
	err := tui.Run(context.Background(), live, controls, options)
	a.Stop("q") // no effect on an attack that is over
	return errors.Join(<-ended, err)
}

// newSeed is short enough to be typed again.
func newSeed() uint64 { return rand.Uint64N(1_000_000) + 1 }
