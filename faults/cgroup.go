package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/cgroup"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A hierarchy is where control groups can be made for one controller.
type hierarchy struct {
	cgroup.Hierarchy
	controller string
	parent     string // the folder in which ours are made
}

// findHierarchy looks for one that has a controller (cpu, memory, freezer) and in which we may make groups; v2 before
// v1. The error says what is missing.
func findHierarchy(controller string) (hierarchy, error) {
	mounts, err := procFS.OwnMounts()
	if err != nil {
		return hierarchy{}, err
	}
	own, err := cgroup.OwnMemberships(procFS)
	if err != nil {
		return hierarchy{}, err
	}
	why := fmt.Errorf("needs the %s controller of cgroup v1 or v2, and neither is mounted", controller)
	for _, h := range hierarchies(mounts, own, controller) {
		if why = h.usable(controller); why == nil {
			return h, nil
		}
	}
	return hierarchy{}, why
}

// hierarchies are those that may have the controller, by where the groups of this process lie.
func hierarchies(mounts []proc.Mount, own []cgroup.Membership, controller string) []hierarchy {
	var all []hierarchy
	for _, one := range cgroup.Hierarchies(mounts) {
		path, ok := one.Of(own, controller)
		if !ok || one.Version == 1 && !one.Has(controller) {
			continue
		}
		h := hierarchy{Hierarchy: one, controller: controller}
		h.parent, _ = h.Folder(path)
		if h.Version == 2 && path != "/" && controller != "freezer" {
			// A group with processes in it cannot give controllers to groups below: ours stands beside our own.
			h.parent = filepath.Dir(h.parent)
		}
		all = append(all, h)
	}
	slices.SortStableFunc(all, func(a, b hierarchy) int { return b.Version - a.Version })
	return all
}

// usable says why no group can be made here. It only looks: nothing may change before all faults were found possible.
func (h hierarchy) usable(controller string) error {
	if h.gives(controller) {
		if err := h.canGive(controller); err != nil {
			return err
		}
	}
	if err := unix.Access(h.parent, unix.W_OK); err != nil {
		return fmt.Errorf("needs the right to make a control group in %s (root, or a delegated group): %w", h.parent, err)
	}
	if err := unix.Access(filepath.Join(h.parent, "cgroup.procs"), unix.W_OK); err != nil {
		return fmt.Errorf("needs the right to move processes out of %s: %w", h.parent, err)
	}
	return nil
}

// gives says whether groups below the parent have a controller only if the parent gives it: in cgroup v2, where each
// group has a freezer.
func (h hierarchy) gives(controller string) bool { return h.Version == 2 && controller != "freezer" }

// subtreeControl lists the controllers that a group of cgroup v2 gives to those below.
const subtreeControl = "cgroup.subtree_control"

func (h hierarchy) canGive(controller string) error {
	if ok, err := settingLists(filepath.Join(h.parent, "cgroup.controllers"), controller); err != nil || !ok {
		return errors.Join(err, fmt.Errorf("needs the %s controller, which %s does not have", controller, h.parent))
	}
	if ok, err := settingLists(filepath.Join(h.parent, subtreeControl), controller); err != nil || ok {
		return err
	}
	// Only the true root, which has no type, may have processes and give a controller to groups too (cgroup-v2, "no
	// internal process constraint").
	if _, err := os.Stat(filepath.Join(h.parent, "cgroup.type")); err == nil &&
		readSetting(filepath.Join(h.parent, "cgroup.procs")) != "" {
		return fmt.Errorf("needs a group without processes to give the %s controller to groups, and %s has some",
			controller, h.parent)
	}
	if err := unix.Access(filepath.Join(h.parent, subtreeControl), unix.W_OK); err != nil {
		return fmt.Errorf("needs the right to give the %s controller to groups: %w", controller, err)
	}
	return nil
}

// give makes sure that groups below the parent get a controller. One that was off is taken away when hangtime ends:
// other faults may need it until then.
func (h hierarchy) give(controller string, g *Guardian) error {
	if !h.gives(controller) {
		return nil
	}
	if ok, err := settingLists(filepath.Join(h.parent, subtreeControl), controller); err != nil || ok {
		return err
	}
	if _, err := g.add(undo{Kind: undoController, Path: h.parent, Controller: controller}); err != nil {
		return err
	}
	if err := writeSetting(filepath.Join(h.parent, subtreeControl), "+"+controller); err != nil {
		return fmt.Errorf("give the %s controller to groups: %w", controller, err)
	}
	return nil
}

// undoController is of a controller of cgroup v2 that groups below another were given.
var undoController = mendedBy("take-controller", mending{
	says: func(u undo) string {
		return fmt.Sprintf("take the %s controller away from the groups below %s", u.Controller, u.Path)
	},
	mend: func(u undo) error { return takeController(u.Path, u.Controller) },
})

// takeController ends what give did. It is safe twice.
func takeController(parent, controller string) error {
	if !filepath.IsAbs(parent) || !slices.Contains([]string{"cpu", "memory"}, controller) {
		return fmt.Errorf("%s of %s is not a controller that a fault gave: not taken away", controller, parent)
	}
	if others, err := filepath.Glob(filepath.Join(parent, groupPrefix+"*")); err != nil || len(others) > 0 {
		return err // a fault of another run needs it by now: its own groups are gone before this
	}
	path := filepath.Join(parent, subtreeControl)
	err := writeSetting(path, "-"+controller)
	if errors.Is(err, unix.EBUSY) || errors.Is(err, os.ErrNotExist) {
		return nil // someone else's group below gives it on by now, or there is no such group any more
	}
	if err != nil {
		return fmt.Errorf("take the %s controller away from the groups below %s: %w", controller, parent, err)
	}
	if on, err := settingLists(path, controller); err != nil || on {
		return errors.Join(err, fmt.Errorf("%s still gives the %s controller to the groups below", parent, controller))
	}
	return nil
}

// of is the folder of the group that a process is in.
func (h hierarchy) of(p process) (string, error) {
	all, err := cgroup.Memberships(procFS, p.PID)
	if isGone(err) {
		return "", errGone
	}
	if err != nil {
		return "", fmt.Errorf("read the control groups of pid %d: %w", p.PID, err)
	}
	path, ok := h.Of(all, h.controller)
	if !ok {
		return "", fmt.Errorf("pid %d is in no control group of %s", p.PID, h.Point)
	}
	folder, _ := h.Folder(path)
	return folder, nil
}

// groupPrefix marks the groups that hangtime makes: no other is ever removed.
const groupPrefix = "hangtime-fault-"

// members are the processes of a group. cgroup v1 lists those that are ending too.
func members(dir string) ([]int, error) {
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	var all []int
	for _, field := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(field); err == nil {
			all = append(all, pid)
		}
	}
	return all, nil
}

// undoGroup thaws a group, moves its processes back and removes it.
var undoGroup = mendedBy("dissolve-group", mending{
	says:     func(u undo) string { return "dissolve the control group " + u.Path },
	mend:     func(u undo) error { return dissolveGroup(u.Path, u.Back) },
	releases: true,
})

// dissolveGroup ends a group: it is thawed, its processes go back where they came from, and it is removed. It is safe
// twice, and on a group that never came to be.
func dissolveGroup(dir, back string) error {
	if !strings.HasPrefix(filepath.Base(dir), groupPrefix) || !filepath.IsAbs(dir) {
		return fmt.Errorf("%s is not a group of a fault: not removed", dir)
	}
	var err error
	for deadline := time.Now().Add(groupLimit); time.Now().Before(deadline); time.Sleep(step) {
		if err = thawGroup(dir); err != nil {
			continue
		}
		var inside []int
		inside, err = members(dir)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		for _, pid := range inside {
			if moved := writeSetting(filepath.Join(back, "cgroup.procs"), strconv.Itoa(pid)); moved != nil &&
				!errors.Is(moved, unix.ESRCH) {
				err = moved
			}
		}
		if removed := unix.Rmdir(dir); removed == nil || errors.Is(removed, unix.ENOENT) {
			return nil
		} else if err == nil {
			err = removed
		}
	}
	return fmt.Errorf("remove the control group %s: %w", dir, err)
}

// thawGroup lets a group run; one without a freezer, or that is gone, runs.
func thawGroup(dir string) error {
	var errs []error
	for file, word := range map[string]string{"cgroup.freeze": "0", "freezer.state": "THAWED"} {
		if err := writeSetting(filepath.Join(dir, file), word); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
