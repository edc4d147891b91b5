package tui

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"

	tea "charm.land/bubbletea/v2"

	"github.com/hangtime-dev/hangtime/report"
)

// Check says what is wrong with the options, before anything is started that a screen is for.
func (o Options) Check() error {
	_, err := newModel(nil, Controls{}, o)
	return err
}

// Run shows the source's reports until a person leaves, ctx is done, or a signal (SIGINT, SIGTERM, SIGHUP) asks to
// end. It returns once the terminal is as it was before; a person who leaves is no error.
func Run(ctx context.Context, source Source, controls Controls, options Options) error {
	m, err := newModel(source, controls, options)
	if err != nil {
		return err
	}
	return show(ctx, m)
}

// Replay shows a recording, from its beginning.
func Replay(ctx context.Context, tape Tape, options Options) error {
	m, err := newModel(tape, Controls{}, options)
	if err != nil {
		return err
	}
	m.player = newPlayer(tape)
	return show(ctx, m)
}

// Home shows what can be run until a person picks one of it, or leaves. The one of that name, or with that file, is
// selected.
func Home(ctx context.Context, all []Scenario, selected string, options Options) (Choice, error) {
	m, err := newModel(nil, Controls{}, options)
	if err != nil {
		return Choice{}, err
	}
	home := &homeScreen{page: page{stage: m.stage}, list: picker{all: all}}
	m.show(home)
	if i := slices.IndexFunc(all, func(s Scenario) bool {
		return s.Name == selected || s.File != "" && s.File == selected
	}); i >= 0 {
		home.list.selected = all[i].named()
	}
	if options.Notice != "" {
		m.say("%s", options.Notice)
	}
	err = show(ctx, m)
	return home.list.choice, err
}

// Compare shows two sides of a comparison; a and b are the runs whose response times are drawn.
func Compare(ctx context.Context, c report.Comparison, a, b *report.Report, options Options) error {
	m, err := newModel(nil, Controls{}, options)
	if err != nil {
		return err
	}
	c.Names = withoutCommonFolder(c.Names)
	m.show(&compareScreen{page{stage: m.stage}, comparison{c: c, runs: [2]*report.Report{a, b}}})
	return show(ctx, m)
}

// fps is how often at most the terminal is written to: above the ten reports a second, so that a key is answered at once.
const fps = 20

func show(ctx context.Context, m *model) error {
	// Bubble Tea knows nothing of SIGHUP; a terminal that is gone must end the screen so that the run can heal.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	_, err := newProgram(m, os.Stdout, tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithFPS(fps)).Run()
	if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}
