package faults

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// needSignals says why processes cannot be signalled safely here.
func needSignals(field Field) error {
	if field.Arbiter <= 0 {
		return errors.New("no process of the server is known: it can only be done to a server that hangtime started or was attached to")
	}
	fd, err := unix.PidfdOpen(unix.Getpid(), 0)
	if err != nil {
		return fmt.Errorf("needs pidfd_open (Linux 5.3 or later): %w", err)
	}
	return unix.Close(fd)
}

// needFile says why a path is not one that faults may touch.
func needFile(field Field, path string) (string, error) {
	if !filepath.IsLocal(path) {
		return "", fmt.Errorf("path %q leaves the server's log folder", path)
	}
	if !filepath.IsAbs(field.Dir) {
		return "", errors.New("no log folder of the server is known")
	}
	return filepath.Join(field.Dir, path), nil
}

// needLoopback says why an address is not one that faults may send to.
func needLoopback(base string) error {
	u, err := url.Parse(base)
	if err != nil {
		return err
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%s is not an address of this machine's loopback: faults send nowhere else", base)
}

// needMount says why nothing can be mounted here: capabilities(7).
func needMount() error {
	if !hasCapability(unix.CAP_SYS_ADMIN) {
		return errors.New("needs the right to mount a file system (root, CAP_SYS_ADMIN)")
	}
	return nil
}

// hasCapability says whether hangtime has one in effect, by its number in capabilities(7).
func hasCapability(n int) bool {
	status, err := procFS.OwnStatus()
	return err == nil && status.CapEff&(1<<n) != 0
}

func needDevice(path string) error {
	if err := unix.Access(path, unix.R_OK|unix.W_OK); err != nil {
		return fmt.Errorf("needs %s: %w", path, err)
	}
	return nil
}

func needProgram(name string) error {
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("needs the program %s: %w", name, err)
	}
	return nil
}
