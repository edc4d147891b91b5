//go:build realservers

package realservers

import (
	"os"
	"strings"
	"syscall"
)

// mounted says whether something is mounted at a folder.
func mounted(folder string) bool {
	text, err := os.ReadFile("/proc/self/mounts")
	return err == nil && strings.Contains(string(text), " "+folder+" ")
}

// unmount detaches it (umount2(2)): its server is gone, or does not answer.
func unmount(folder string) bool {
	_ = syscall.Unmount(folder, syscall.MNT_DETACH)
	return !mounted(folder)
}
