package faults

import (
	"context"
	"errors"
	"fmt"

	"github.com/hangtime-dev/hangtime/scenarios"
)

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

// An Injection is a fault that was found to be possible here. It is run once.
type Injection struct {
	fault scenarios.Fault
	field Field
	harm  harm
}

// Prepare says whether a fault can be done to this server, before it is harmed. What can be said before there is a
// server, Possible says.
func Prepare(f scenarios.Fault, field Field, g *Guardian) (*Injection, error) {
	k, err := kindOf(f.Kind)
	if err != nil {
		return nil, err
	}
	h, err := k.prepare(f, field, g)
	if err != nil {
		return nil, err
	}
	return &Injection{fault: f, field: field, harm: h}, nil
}
