package faults

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// groupHarm puts processes into a control group of their own that is frozen, has a quota of processor time, or a limit
// of memory.
type groupHarm struct {
	choice
	fault    scenarios.Fault
	in       hierarchy
	guardian *Guardian
}

func prepareGroup(f scenarios.Fault, field Field, g *Guardian) (harm, error) {
	c, err := newChoice(f, field)
	if err != nil {
		return nil, err
	}
	h, err := findHierarchy(controllerOf(f.Kind))
	return groupHarm{c, f, h, g}, err
}

func controllerOf(kind string) string {
	return map[string]string{"freeze": "freezer", "cpu-quota": "cpu", "memory-limit": "memory"}[kind]
}

// aim makes one target of a whole server: what it may use it may use together, and what it starts is under the same limit.
func (g groupHarm) aim(ctx context.Context) ([]target, error) {
	all, err := g.choice.aim(ctx)
	if err != nil || g.of != "server" {
		return all, err
	}
	whole := target{words: fmt.Sprintf("the whole server (%d processes)", len(all)), victim: all[0].victim}
	for _, one := range all {
		whole.also = append(whole.also, one.victim)
	}
	return []target{whole}, nil
}

func (g groupHarm) strike(ctx context.Context, at target) (effect, error) {
	back, err := g.in.of(at.victim)
	if err != nil {
		return effect{}, err
	}
	if err := g.in.give(controllerOf(g.fault.Kind), g.guardian); err != nil {
		return effect{}, err
	}
	dir := filepath.Join(g.in.parent, groupPrefix+token())
	id, err := g.guardian.add(undo{Kind: undoGroup, Path: dir, Back: back, process: at.victim,
		Until: time.Now().Add(Longest + spare)})
	if err != nil {
		return effect{}, err
	}
	heal := func() (string, error) {
		how := ""
		if !at.victim.alive() {
			how = "the process is gone"
		}
		if err := dissolveGroup(dir, back); err != nil {
			return "", err
		}
		_ = g.guardian.drop(id) // a second time would do no harm
		return how, nil
	}
	detail, err := g.apply(ctx, dir, at)
	if err != nil {
		_, undone := heal()
		return effect{}, errors.Join(err, undone)
	}
	return effect{pid: at.victim.PID, detail: detail, heal: heal}, nil
}

func (g groupHarm) apply(ctx context.Context, dir string, at target) (detail string, err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a control group: %w", err)
	}
	if g.fault.Kind != "freeze" {
		if detail, err = g.limit(dir); err != nil {
			return "", err
		}
	}
	victims := at.also
	if victims == nil {
		victims = []process{at.victim}
	}
	for _, p := range victims {
		if !p.alive() {
			continue
		}
		if err := writeSetting(filepath.Join(dir, "cgroup.procs"), strconv.Itoa(p.PID)); err != nil {
			return "", fmt.Errorf("move pid %d into a control group: %w", p.PID, err)
		}
	}
	inside, err := members(dir)
	if err != nil || !slices.Contains(inside, at.victim.PID) {
		return "", errors.Join(err, fmt.Errorf("the kernel does not show pid %d in its new control group", at.victim.PID))
	}
	if g.fault.Kind == "freeze" {
		return g.freeze(ctx, dir)
	}
	return detail, nil
}

// limit sets what the group may use, and reads it back.
func (g groupHarm) limit(dir string) (detail string, err error) {
	const period = 100_000 // µs, the kernel's own
	settings := map[string]string{}
	switch {
	case g.fault.Kind == "cpu-quota":
		quota := strconv.Itoa(int(math.Round(g.fault.CPUs * period)))
		settings["cpu.max"] = quota + " " + strconv.Itoa(period)
		if g.in.Version == 1 {
			settings = map[string]string{"cpu.cfs_quota_us": quota}
		}
		detail = fmt.Sprintf("at most %s ms of every %d ms of a processor",
			strconv.FormatFloat(g.fault.CPUs*period/1000, 'f', -1, 64), period/1000)
	default:
		settings["memory.max"] = strconv.Itoa(g.fault.MiB << 20)
		if g.in.Version == 1 {
			settings = map[string]string{"memory.limit_in_bytes": strconv.Itoa(g.fault.MiB << 20)}
		}
		detail = fmt.Sprintf("at most %d MiB of memory beyond what it had", g.fault.MiB)
	}
	for file, value := range settings {
		path := filepath.Join(dir, file)
		if err := writeSetting(path, value); err != nil {
			return "", fmt.Errorf("set the limit: %w", err)
		}
		if got := readSetting(path); got != value {
			return "", fmt.Errorf("the kernel shows %s = %q after %q was written", file, got, value)
		}
	}
	return fmt.Sprintf("%s (cgroup v%d)", detail, g.in.Version), nil
}

// freeze stops every thread of the group and returns when the kernel says that all stand.
func (g groupHarm) freeze(ctx context.Context, dir string) (detail string, err error) {
	file, word, state := "cgroup.freeze", "1", "cgroup.events"
	if g.in.Version == 1 {
		file, word, state = "freezer.state", "FROZEN", "freezer.state"
	}
	if err := writeSetting(filepath.Join(dir, file), word); err != nil {
		return "", fmt.Errorf("freeze the control group: %w", err)
	}
	for deadline := time.Now().Add(stopLimit); ; {
		now := readSetting(filepath.Join(dir, state))
		if now == "FROZEN" || strings.Contains(now, "frozen 1") {
			return fmt.Sprintf("frozen (cgroup v%d)", g.in.Version), nil
		}
		if time.Now().After(deadline) || !sleep(ctx, step) {
			return "", fmt.Errorf("not frozen %v after it was told to", stopLimit)
		}
	}
}
