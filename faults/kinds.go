package faults

import (
	"context"
	"errors"
	"fmt"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// A kind is how one kind of fault is done. What a scenario may ask of it, and what it needs of a server, is its row in
// package scenarios.
type kind struct {
	// prepare says whether it can be done to this server, before it is harmed.
	prepare func(f scenarios.Fault, field Field, g *Guardian) (harm, error)
	// possible says why this machine does not allow it, before anything is started; nil: each machine does.
	possible func(f scenarios.Fault, s scenarios.Server) error
	// lay makes what has to stand before the server starts; nil: nothing has to.
	lay func(ctx context.Context, gr *Ground, f scenarios.Fault, s scenarios.Server, dir string, g *Guardian) error
}

// kinds are all there are, by name.
func kinds() map[string]kind {
	return map[string]kind{
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

func kindOf(name string) (kind, error) {
	k, ok := kinds()[name]
	if !ok {
		return kind{}, fmt.Errorf("no fault is called %q", name)
	}
	return k, nil
}

// A mending is how one kind of undo record is mended.
type mending struct {
	// mend undoes the harm and returns nil only when it was seen to be gone. It is safe twice, and on what never came
	// to be.
	mend func(u undo) error
	// words say what it does, for a person.
	words func(u undo) string
	// releases says that it lets processes run again that could not even be killed before: that comes first.
	releases bool
	// survives says that the harm outlives a restart of the machine.
	survives bool
}

// Kinds of undo records; they stand in journals, so a name never changes.
const (
	undoServer     = "end-server" // kill the process and all that descends from it
	undoHelper     = "end-helper" // kill the process
	undoContinue   = "continue"   // SIGCONT
	undoFolder     = "remove-folder"
	undoGroup      = "dissolve-group"  // thaw it, move its processes back, remove it
	undoController = "take-controller" // of cgroup v2, which groups below another were given
	undoMount      = "unmount"
	undoFrozen     = "thaw-disk"
	undoFiles      = "allow-files" // RLIMIT_NOFILE as it was
)

// mendings are all there are, by the kind of the record.
func mendings() map[string]mending {
	end := mending{mend: func(u undo) error { return u.process.end(endLimit) }, words: ofPID("end pid %d")}
	return map[string]mending{
		undoServer: end,
		undoHelper: end,
		undoContinue: {mend: func(u undo) error {
			return resume(u.process)
		}, words: ofPID("continue the stopped pid %d"), releases: true},
		undoFolder: {mend: func(u undo) error {
			return removeFolder(u.Path)
		}, words: ofPath("remove %s"), survives: true},
		undoGroup: {mend: func(u undo) error {
			return dissolve(u.Path, u.Back)
		}, words: ofPath("dissolve the control group %s"), releases: true},
		undoController: {mend: func(u undo) error { return takeController(u.Path, u.Controller) }, words: controllerWords},
		undoMount:      {mend: func(u undo) error { return unmount(u.Path) }, words: ofPath("unmount %s")},
		undoFrozen: {mend: func(u undo) error {
			return thawDisk(u.Path)
		}, words: ofPath("thaw the disk at %s"), releases: true},
		undoNice:  {mend: mendNice, words: ofPID("give the threads of pid %d their priority back")},
		undoFiles: {mend: mendFiles, words: ofPID("give pid %d its limit of open files back")},
	}
}

func ofPID(format string) func(undo) string {
	return func(u undo) string { return fmt.Sprintf(format, u.PID) }
}

func ofPath(format string) func(undo) string {
	return func(u undo) string { return fmt.Sprintf(format, u.Path) }
}

func controllerWords(u undo) string {
	return fmt.Sprintf("take the %s controller away from the groups below %s", u.Controller, u.Path)
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
