package faults

import (
	"context"
	"errors"
	"fmt"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A faultKind is how one kind of fault is done. What a scenario may ask of it, and what it needs of a server, is its row in
// package scenarios.
type faultKind struct {
	// prepare says whether it can be done to this server, before it is harmed.
	prepare func(f scenarios.Fault, field Field, g *Guardian) (harm, error)
	// possible says why this machine does not allow it, before anything is started; nil: each machine does.
	possible func(f scenarios.Fault, s scenarios.Server) error
	// lay makes what has to stand before the server starts; nil: nothing has to.
	lay func(ctx context.Context, gr *Ground, f scenarios.Fault, s scenarios.Server, dir string, g *Guardian) error
}

// kinds are all there are, by name.
func kinds() map[string]faultKind {
	return map[string]faultKind{
		"hold-lock":         {prepare: prepareLock},
		"kill":              {prepare: prepareKill},
		"terminate":         {prepare: sends("SIGTERM")},
		"abort":             {prepare: sends("SIGABRT")},
		"signal":            {prepare: sends("")},
		"stop":              {prepare: prepareStop},
		"freeze":            {prepare: prepareGroup, possible: hasController("freezer")},
		"cpu-quota":         {prepare: prepareGroup, possible: hasController("cpu")},
		"memory-limit":      {prepare: prepareGroup, possible: hasController("memory")},
		"fd-limit":          {prepare: prepareFiles},
		"renice":            {prepare: prepareRenice, possible: possibleRenice},
		"stall-pipe-reader": {prepare: prepareStall, lay: layPipe},
		"fill-disk":         {prepare: prepareFill, possible: canFill, lay: laysDisk(mountSmall)},
		"slow-disk":         {prepare: prepareSlowDisk, possible: canSlow, lay: laysDisk(mountSlow)},
		"freeze-disk":       {prepare: prepareFreezeDisk, possible: canFreeze, lay: laysDisk(mountFreezable)},
		"network":           {prepare: prepareNetwork, lay: layProxy},
		"slow-client":       {prepare: prepareClients},
		"connection-flood":  {prepare: prepareClients},
		"request":           {prepare: prepareRequest},
	}
}

func kindOf(name string) (faultKind, error) {
	k, ok := kinds()[name]
	if !ok {
		return faultKind{}, fmt.Errorf("no fault is called %q", name)
	}
	return k, nil
}

// hasController asks for the controller of control groups that a fault needs.
func hasController(name string) func(scenarios.Fault, scenarios.Server) error {
	return func(scenarios.Fault, scenarios.Server) error {
		_, err := findHierarchy(name)
		return err
	}
}

func canFill(scenarios.Fault, scenarios.Server) error { return needMount() }

func canSlow(scenarios.Fault, scenarios.Server) error {
	return errors.Join(needMount(), needDevice("/dev/fuse"))
}

func canFreeze(scenarios.Fault, scenarios.Server) error {
	return errors.Join(needMount(), needDevice("/dev/loop-control"), needProgram("mkfs.ext4"))
}
