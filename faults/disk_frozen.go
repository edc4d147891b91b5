package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/scenarios"
)

// imageSize is how large the disk is that can be frozen: mkfs.ext4 wants a journal on it.
const imageSize = 32 << 20

// mountFreezable makes an ext4 file system in a file beside the server's log folder and mounts it there. The loop
// device goes when the mount does.
func mountFreezable(ctx context.Context, _ scenarios.Fault, dir string, g *Guardian) (disk, error) {
	image := dir + ".ext4"
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(image, imageSize); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if text, err := exec.CommandContext(ctx, "mkfs.ext4", "-q", "-F", "-m", "0", image).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make a file system: mkfs.ext4: %w: %s", err, text)
	}
	return mountOn(dir, g, func() error {
		loop, err := attachLoop(image)
		if err != nil {
			return err
		}
		// The device frees itself when the last user is gone: after the mount that is the mount.
		defer loop.Close()
		if err := unix.Mount(loop.Name(), dir, "ext4", unix.MS_NOSUID|unix.MS_NODEV, ""); err != nil {
			return fmt.Errorf("mount %s on the log folder: %w", loop.Name(), err)
		}
		return nil
	})
}

// attachLoop makes a file a block device: loop(4).
func attachLoop(image string) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer control.Close()
	file, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for range 16 { // another may take the device that was free a moment ago
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("find a free loop device: %w", err)
		}
		loop, err := os.OpenFile(fmt.Sprintf("/dev/loop%d", n), os.O_RDWR, 0)
		if err != nil {
			return nil, fmt.Errorf("open a loop device: %w", err)
		}
		config := &unix.LoopConfig{Fd: uint32(file.Fd()), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR}}
		err = unix.IoctlLoopConfigure(int(loop.Fd()), config)
		if err == nil {
			return loop, nil
		}
		if closed := loop.Close(); !errors.Is(err, unix.EBUSY) {
			return nil, errors.Join(fmt.Errorf("attach %s: %w", loop.Name(), err), closed)
		}
	}
	return nil, errors.New("no loop device is free")
}

// ioctl_fsfreeze(2), from linux/fs.h: _IOWR('X', 119, int) and _IOWR('X', 120, int).
const (
	fiFreeze = 0xC0045877
	fiThaw   = 0xC0045878
)

// freezeDiskHarm stops a file system: whoever writes to it waits in the kernel and cannot even be killed.
type freezeDiskHarm struct {
	dir      string
	guardian *Guardian
}

// longestFreeze is how long a disk is frozen at most: nobody can be killed meanwhile.
const longestFreeze = 20 * time.Second

func prepareFreezeDisk(_ scenarios.Fault, field Field, g *Guardian) (harm, error) {
	if field.Ground == nil || field.Ground.disk == nil {
		return nil, errors.New("no disk that can be frozen was laid below the server's log folder")
	}
	return freezeDiskHarm{field.Dir, g}, nil
}

func (freezeDiskHarm) most() time.Duration { return longestFreeze }

func (f freezeDiskHarm) aim(_ context.Context) ([]target, error) {
	return []target{{words: "the disk of the server's log folder", path: f.dir}}, nil
}

func (f freezeDiskHarm) strike(_ context.Context, at target) (effect, error) {
	// A descriptor from before the freeze: nothing has to be looked up on the frozen disk to thaw it.
	dir, err := os.Open(at.path)
	if err != nil {
		return effect{}, err
	}
	id, err := f.guardian.add(undo{Kind: undoFrozen, Path: at.path, Until: time.Now().Add(longestFreeze)})
	if err != nil {
		return effect{}, errors.Join(err, dir.Close())
	}
	heal := func() (string, error) {
		if err := thawFile(dir); err != nil {
			return "", err
		}
		_ = f.guardian.drop(id) // a second time would do no harm
		return "", dir.Close()
	}
	if err := unix.IoctlSetInt(int(dir.Fd()), fiFreeze, 0); err != nil {
		return effect{}, errors.Join(fmt.Errorf("freeze the disk: %w", err), dir.Close(), f.guardian.drop(id))
	}
	// The kernel has no way to ask; it refuses a second freeze of what is frozen.
	if err := unix.IoctlSetInt(int(dir.Fd()), fiFreeze, 0); !errors.Is(err, unix.EBUSY) {
		_, undone := heal()
		return effect{}, errors.Join(fmt.Errorf("a second freeze was not refused (%w): the disk is not frozen", err), undone)
	}
	return effect{detail: "frozen: who writes waits, and cannot be killed", heal: heal}, nil
}

// thawFile thaws the file system of an open file and sees that it is: one that is not frozen says EINVAL.
func thawFile(file *os.File) error {
	for range 16 { // freezes do not nest, but another tool may freeze too
		err := unix.IoctlSetInt(int(file.Fd()), fiThaw, 0)
		if errors.Is(err, unix.EINVAL) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("thaw the disk of %s: %w", file.Name(), err)
		}
	}
	return fmt.Errorf("the disk of %s is frozen again and again", file.Name())
}

// undoFrozen thaws a file system.
var undoFrozen = mendedBy("thaw-disk", mending{
	says:     func(u undo) string { return "thaw the disk at " + u.Path },
	mend:     func(u undo) error { return thawDisk(u.Path) },
	releases: true,
})

// thawDisk is for those that have only the path; where nothing is mounted any more nothing is frozen.
func thawDisk(dir string) error {
	if !isMount(dir) {
		return nil
	}
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(thawFile(file), file.Close())
}
