package waits

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/memory"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// path tells what a call that is given a path waits for: a FIFO that nobody has opened at its other end, or a file
// system. Which of them the kernel's own frames say: to ask the file system what the path leads to would be to wait for
// it as well.
func (d *fileSystems) path(a *Answer, s Subject) {
	given := d.pathArgument(s)
	for _, frame := range append([]string{s.Wchan}, s.Stack...) {
		if strings.Contains(frame, "fifo_open") || strings.Contains(frame, "wait_for_partner") {
			a.Event = fifo(s, given)
			return
		}
	}
	a.Event = d.behind(s, -1, given)
}

// fifo is a thread in open(2) of a FIFO, which returns when somebody opens its other end (fifo(7)).
func fifo(s Subject, given string) history.Event {
	flags := s.Call.Args[2]
	if s.Call.Name() == "open" {
		flags = s.Call.Args[1]
	}
	wait := history.PipeWait{PID: s.PID, TID: s.TID, FD: -1, Op: "read", Fill: -1, Size: -1, Open: true, Path: given}
	if flags&unix.O_ACCMODE == unix.O_WRONLY {
		wait.Op = "write"
	}
	return wait
}

// pathArgument reads the path that the call was given, in full; empty: it cannot be read.
func (d *fileSystems) pathArgument(s Subject) string {
	buf := make([]byte, 4096)
	argument := proc.PathArgument(s.Call.Name())
	address := s.Call.Args[argument]
	err := memory.Read(s.PID, address, buf)
	if err != nil { // a string near the end of its mapping
		buf = buf[:4096-address%4096]
		err = memory.Read(s.PID, address, buf)
	}
	text, _, found := strings.Cut(string(buf), "\x00")
	if err != nil || !found {
		return ""
	}
	if text == "" || strings.HasPrefix(text, "/") {
		return text
	}
	folder := ""
	if given := int(int32(s.Call.Args[0])); argument == 0 || given == unix.AT_FDCWD {
		folder, err = d.fs.Folder(s.PID)
	} else {
		folder, err = d.fs.Descriptor(s.PID, given).Link()
	}
	if err != nil || !strings.HasPrefix(folder, "/") {
		return ""
	}
	return path.Join(folder, text)
}
