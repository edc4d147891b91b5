//go:build bench

package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// diskSize is how large a disk is, bytes: JetStream wants room for all that its streams may take. The file has only what was written.
const diskSize = 4 << 30

// A disk is a file system in a file. What a process has written and not synced is in the kernel's memory and not in the
// file: a copy of the file is what is left of the disk when the power is cut now. What the disk itself may keep in
// memory of its own is counted as written.
type disk struct {
	image, at, device string
}

// noDisk says why there can be none on this machine; nil: there can.
func noDisk() error {
	if os.Geteuid() != 0 {
		return errors.New("a power cut needs root: the store is on a loop device")
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		return errors.New("a power cut needs loop devices, and this machine has none (/dev/loop-control)")
	}
	for _, tool := range []string{"mkfs.ext4", "losetup", "mount", "umount"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("a power cut needs %s: apt-get install e2fsprogs mount", tool)
		}
	}
	return nil
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{image: filepath.Join(t.TempDir(), "disk")}
	if err := os.WriteFile(d.image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(d.image, diskSize); err != nil {
		t.Fatal(err)
	}
	tool(t, "mkfs.ext4", "-q", "-F", d.image)
	at := filepath.Join(t.TempDir(), "mounted")
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	d.mount(t, at)
	return d
}

// copied is a disk that has what is on d now.
func (d *disk) copied(t *testing.T) *disk {
	t.Helper()
	c := &disk{image: filepath.Join(t.TempDir(), "disk")}
	tool(t, "cp", "--sparse=always", d.image, c.image)
	return c
}

// mount has the disk in a folder; that may be where another is, which is covered by it then: a store may have written
// down where it is.
func (d *disk) mount(t *testing.T, at string) {
	t.Helper()
	d.at = at
	d.device = tool(t, "losetup", "--find", "--show", d.image)
	t.Cleanup(func() {
		_ = exec.Command("umount", d.at).Run() // it may be that it was not mounted
		tool(t, "losetup", "--detach", d.device)
	})
	tool(t, "mount", d.device, d.at)
}

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
