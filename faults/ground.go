package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A Ground is what some faults need to stand before the server starts: the disk below its log folder, the proxy in front of what it depends on, the pipe that it prints to.
// Until the fault strikes, all of it works as if it were not there.
type Ground struct {
	disk  disk
	proxy *proxy
	way   scenarios.Fault // that the proxy was made for
	pipe  *pipe
}

// A disk is a file system of our own below the server's log folder.
type disk interface {
	unmount() error // safe twice
}

// Lay makes the ground for all faults of a variant. dir is the server's log folder and empty. It fails as a whole: what was laid before is taken away again.
func Lay(ctx context.Context, all []scenarios.Fault, s scenarios.Server, dir string, g *Guardian) (*Ground, error) {
	ground := &Ground{}
	for i, f := range all {
		if err := ground.lay(ctx, f, s, dir, g); err != nil {
			return nil, errors.Join(fmt.Errorf("faults[%d] (%s): %w", i, f.Kind, err), ground.Close())
		}
	}
	return ground, nil
}

func (gr *Ground) lay(ctx context.Context, f scenarios.Fault, s scenarios.Server, dir string, g *Guardian) (err error) {
	switch f.Kind {
	case "fill-disk", "slow-disk", "freeze-disk":
		if gr.disk != nil {
			return errors.New("the server's log folder lies on another fault's disk already; want one such fault a scenario")
		}
		switch f.Kind {
		case "fill-disk":
			gr.disk, err = mountSmall(f, dir, g)
		case "slow-disk":
			gr.disk, err = mountSlow(ctx, dir, g)
		default:
			gr.disk, err = mountFreezable(ctx, dir, g)
		}
	case "network":
		if gr.proxy != nil && (gr.way.Listen != f.Listen || gr.way.Upstream != f.Upstream) {
			return errors.New("its listen or upstream is not that of the network fault before it, and the server has one proxy; want the same in all network faults of a scenario")
		}
		if gr.proxy == nil {
			gr.way = f
			gr.proxy, err = newProxy(f, s.Upstream)
		}
	case "stall-pipe-reader":
		if gr.pipe == nil {
			gr.pipe, err = newPipe()
		}
	}
	return err
}

// Upstream is where the server has to connect to, so that the proxy is in between: HOST:PORT; empty: there is none.
func (gr *Ground) Upstream() string {
	if gr.proxy == nil {
		return ""
	}
	return gr.proxy.listen()
}

// Stdout is what the server has to get as its standard output; nil: there is none. It is the caller's to close.
func (gr *Ground) Stdout() *os.File {
	if gr.pipe == nil {
		return nil
	}
	return gr.pipe.theirs
}

// Close takes everything away; the server has to have ended. It is safe twice.
func (gr *Ground) Close() error {
	var errs []error
	if gr.pipe != nil {
		errs = append(errs, gr.pipe.close())
	}
	if gr.proxy != nil {
		errs = append(errs, gr.proxy.close())
	}
	if gr.disk != nil {
		errs = append(errs, gr.disk.unmount())
	}
	return errors.Join(errs...)
}

// Possible says why a fault cannot be done on this machine to such a server, before anything is started: a right or a device that is missing, a server of the wrong kind.
func Possible(f scenarios.Fault, s scenarios.Server) error {
	ours := s.Kind == "reference" || s.Kind == "command"
	signals := []string{"kill", "terminate", "abort", "signal", "stop", "freeze", "cpu-quota", "memory-limit", "fd-limit"}
	switch {
	case slices.Contains(signals, f.Kind) && s.Kind == "url":
		return errors.New("no process of the server is known: it can only be done to a server that hangtime started or was attached to")
	case slices.Contains([]string{"fill-disk", "slow-disk", "freeze-disk"}, f.Kind) && s.Kind != "reference":
		return errors.New("it needs a disk of its own below the server's log folder: it can only be done to the reference server")
	case f.Kind == "stall-pipe-reader" && !ours:
		return errors.New("it needs the pipe that the server prints to: it can only be done to a server that hangtime starts")
	}
	switch f.Kind {
	case "freeze", "cpu-quota", "memory-limit":
		_, err := findHierarchy(controllerOf(f.Kind))
		return err
	case "fill-disk":
		return needMount()
	case "slow-disk":
		return errors.Join(needMount(), needDevice("/dev/fuse"))
	case "freeze-disk":
		return errors.Join(needMount(), needDevice("/dev/loop-control"), needProgram("mkfs.ext4"))
	}
	return nil
}
