package waits

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// Title is what a process says of itself in its title (setproctitle(3)): "postgres: app shop [local] SELECT waiting";
// empty: it has none.
func (f *Finder) Title(pid int) string { return titleOf(f.fs, pid) }

// titleOf reads it. Such a title has written over the arguments, so it is one string with a colon after the program's
// name; empty: it has none.
func titleOf(fs proc.FS, pid int) string {
	text, err := proc.Read(fs.Path(pid, "cmdline"), 4096)
	if err != nil {
		return ""
	}
	text = bytes.TrimRight(text, "\x00 ")
	if bytes.IndexByte(text, 0) >= 0 {
		return ""
	}
	name, rest, found := strings.Cut(string(text), ": ")
	if !found || strings.ContainsAny(name, " /") || rest == "" {
		return ""
	}
	if len(text) > 120 {
		text = text[:120]
	}
	return strings.ToValidUTF8(string(text), "")
}

// titledFor is the process whose title names the connection from an address, as those of PostgreSQL's sessions do
// ("postgres: app shop 127.0.0.1(40812) SELECT waiting"). Anyone may read titles; whose a socket is, only its owner and root.
// 0: none does, or more than one.
func titledFor(fs proc.FS, client netip.AddrPort) (found int) {
	mark := fmt.Sprintf(" %s(%d) ", client.Addr().Unmap(), client.Port())
	pids, _ := fs.PIDs() // without it there is none
	for _, pid := range pids {
		if strings.Contains(titleOf(fs, pid)+" ", mark) {
			if found != 0 {
				return 0
			}
			found = pid
		}
	}
	return found
}
