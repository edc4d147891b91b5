package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/kernel/proc"
	"github.com/hangtime-dev/hangtime/scenarios"
)

// A mounted is a file system that was mounted on a run's folder.
type mounted struct {
	dir      string
	ids      []string // of its records, in the order in which they were added
	guardian *Guardian
}

// mountOn tells the guardian how to take a mount away, then has it made.
func mountOn(dir string, g *Guardian, mount func() error) (*mounted, error) {
	id, err := g.add(undo{Kind: undoMount, Path: dir})
	if err != nil {
		return nil, err
	}
	m := &mounted{dir: dir, ids: []string{id}, guardian: g}
	if err := mount(); err != nil {
		return nil, errors.Join(err, m.unmount())
	}
	if !isMount(dir) {
		// That it is not seen does not prove that it is not there: the record stays unless it was taken away.
		err := fmt.Errorf("the kernel shows no mount on %s", dir)
		if left := detach(dir); left != nil {
			return nil, errors.Join(err, fmt.Errorf("unmount it all the same: %w", left))
		}
		return nil, errors.Join(err, g.drop(id))
	}
	return m, nil
}

func (m *mounted) unmount() error {
	if err := unmountAll(m.dir); err != nil {
		return err
	}
	for _, id := range m.ids {
		_ = m.guardian.drop(id) // a second time would do no harm
	}
	return nil
}

// isMount says whether something is mounted on a folder.
func isMount(dir string) bool {
	mounts, err := procFS.OwnMounts()
	return err == nil && slices.ContainsFunc(mounts, func(m proc.Mount) bool { return m.Point == dir })
}

// undoMount unmounts what a run mounted at a folder.
var undoMount = mendedBy("unmount", mending{
	says: func(u undo) string { return "unmount " + u.Path },
	mend: func(u undo) error { return unmountAll(u.Path) },
})

// unmountAll takes every mount on a run's folder away, whoever still uses it; none there is no error. A frozen one is
// thawed first.
func unmountAll(dir string) error {
	if !strings.Contains(dir, "/"+folderPrefix) {
		return fmt.Errorf("%s is not below a run's folder: not unmounted", dir)
	}
	var err error
	for deadline := time.Now().Add(unmountLimit); time.Now().Before(deadline); time.Sleep(step) {
		if !isMount(dir) {
			return nil
		}
		err = detach(dir)
	}
	return fmt.Errorf("unmount %s: %w", dir, err)
}

func detach(dir string) error { return unix.Unmount(dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) }

// mountSmall makes a file system in memory that is soon full: tmpfs(5).
func mountSmall(_ context.Context, f scenarios.Fault, dir string, g *Guardian) (disk, error) {
	size := max(f.MiB, 1)
	return mountOn(dir, g, func() error {
		if err := unix.Mount("hangtime", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV,
			fmt.Sprintf("size=%dm,mode=0700", size)); err != nil {
			return fmt.Errorf("mount a file system of %d MiB in memory: %w", size, err)
		}
		return nil
	})
}

// fillHarm fills the disk with a file, as a log that nobody rotates does.
type fillHarm struct{ dir string }

func prepareFill(_ scenarios.Fault, field Field, _ *Guardian) (harm, error) {
	if field.Ground == nil || field.Ground.disk == nil {
		return nil, errors.New("no small disk was laid below the server's log folder")
	}
	return fillHarm{field.Dir}, nil
}

func (f fillHarm) aim(_ context.Context) ([]target, error) {
	return []target{{words: "the disk of the server's log folder", path: f.dir}}, nil
}

const fillerName = "filler.hangtime"

func (f fillHarm) strike(ctx context.Context, at target) (effect, error) {
	path := filepath.Join(at.path, fillerName)
	heal := func() (string, error) {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		free, err := freeBytes(at.path)
		if err == nil && free == 0 {
			err = fmt.Errorf("%s is still full", at.path)
		}
		return "", err
	}
	written, err := fillWith(ctx, path)
	var free uint64
	if err == nil {
		free, err = freeBytes(at.path)
	}
	if err == nil && free > 0 {
		err = fmt.Errorf("%d bytes are left after the disk was filled", free)
	}
	if err != nil {
		_, undone := heal()
		return effect{}, errors.Join(err, undone)
	}
	return effect{detail: fmt.Sprintf("%d KiB written, no space left", written>>10), heal: heal}, nil
}

// fillWith writes to a file until there is no space. The disk is our own and small.
func fillWith(ctx context.Context, path string) (written int64, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	block := make([]byte, 64<<10)
	for ctx.Err() == nil {
		n, err := file.Write(block)
		written += int64(n)
		if errors.Is(err, unix.ENOSPC) {
			return written, file.Close()
		}
		if err != nil {
			return written, errors.Join(err, file.Close())
		}
	}
	return written, errors.Join(context.Cause(ctx), file.Close())
}

func freeBytes(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", dir, err)
	}
	return s.Bavail * uint64(s.Bsize), nil
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
