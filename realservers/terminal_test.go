//go:build realservers

package realservers

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openTerminal opens a pseudo-terminal (pty(7)): the side of the one who types, and the line that a program gets.
func openTerminal(s *stage) (typist, line *os.File) {
	s.t.Helper()
	typist, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(typist.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(typist.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if line, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		s.t.Fatal(err)
	}
	return typist, line
}
