package faults

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A Ground is what some faults need to stand before the server starts: the disk below its log folder, the proxy in
// front of what it depends on, the pipe that it prints to. Until the fault strikes, all of it works as if it were not there.
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

// Lay makes the ground for all faults of a variant. dir is the server's log folder and empty. It fails as a whole:
// what was laid before is taken away again.
func Lay(ctx context.Context, all []scenarios.Fault, s scenarios.Server, dir string, g *Guardian) (*Ground, error) {
	ground := &Ground{}
	for i, f := range all {
		if err := ground.lay(ctx, f, s, dir, g); err != nil {
			return nil, errors.Join(fmt.Errorf("faults[%d] (%s): %w", i, f.Kind, err), ground.Close())
		}
	}
	return ground, nil
}

func (gr *Ground) lay(ctx context.Context, f scenarios.Fault, s scenarios.Server, dir string, g *Guardian) error {
	k, err := kindOf(f.Kind)
	if err != nil || k.lay == nil {
		return err
	}
	return k.lay(ctx, gr, f, s, dir, g)
}

// laysDisk mounts a disk on the server's log folder, of which there is one.
func laysDisk(mount func(context.Context, scenarios.Fault, string, *Guardian) (disk, error)) func(context.Context, *Ground, scenarios.Fault, scenarios.Server, string, *Guardian) error {
	return func(ctx context.Context, gr *Ground, f scenarios.Fault, _ scenarios.Server, dir string, g *Guardian) error {
		if gr.disk != nil {
			return errors.New("the server's log folder lies on another fault's disk already; want one such fault a scenario")
		}
		made, err := mount(ctx, f, dir, g)
		if err == nil {
			gr.disk = made
		}
		return err
	}
}

// layProxy stands between the server and what it depends on; there is one for all network faults.
func layProxy(_ context.Context, gr *Ground, f scenarios.Fault, s scenarios.Server, _ string, _ *Guardian) (err error) {
	if gr.proxy != nil {
		if gr.way.Listen != f.Listen || gr.way.Upstream != f.Upstream {
			return errors.New("its listen or upstream is not that of the network fault before it, and the server has one proxy; want the same in all network faults of a scenario")
		}
		return nil
	}
	gr.way = f
	gr.proxy, err = newProxy(f, s.Upstream)
	return err
}

// layPipe makes the pipe to which the server prints.
func layPipe(_ context.Context, gr *Ground, _ scenarios.Fault, _ scenarios.Server, _ string, _ *Guardian) (err error) {
	if gr.pipe == nil {
		gr.pipe, err = newPipe()
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

// Possible says why a fault cannot be done on this machine to such a server, before anything is started: a right or a
// device that is missing, a server of the wrong kind.
func Possible(f scenarios.Fault, s scenarios.Server) error {
	k, err := kindOf(f.Kind)
	if err != nil {
		return err
	}
	asked, ok := scenarios.FaultKindOf(f.Kind)
	if !ok {
		return fmt.Errorf("no scenario may ask for a fault called %q", f.Kind)
	}
	if err := asked.Needs.Missing(scenarios.ServerKindOf(s.Kind)); err != nil || k.possible == nil {
		return err
	}
	return k.possible(f, s)
}
