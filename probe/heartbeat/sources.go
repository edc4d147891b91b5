package heartbeat

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A source is where a worker's heartbeat can be read from outside.
type source interface {
	// read returns nil when there is none to be had (any more).
	read(fs proc.FS) *Beat
	close()
}

// find looks for a source among a process's descriptors; nil: there is none.
func find(fs proc.FS, pid int) source {
	fds, err := fs.FDs(pid)
	if err != nil {
		return nil
	}
	for _, fd := range fds {
		link, err := fs.Link(pid, fd)
		if err != nil {
			continue
		}
		if s := recognise(fs, pid, fd, link); s != nil {
			if s.read(fs) != nil {
				return s
			}
			s.close()
		}
	}
	return nil
}

// recognise tells a source by what a descriptor leads to; nil: it is none.
func recognise(fs proc.FS, pid, fd int, link string) source {
	switch {
	case strings.HasPrefix(link, "/memfd:hangtime-heartbeat"):
		if file, err := proc.Open(descriptor(fs, pid, fd)); err == nil {
			return &page{pid: pid, file: file}
		}
	case strings.Contains(link, "/wgunicorn-"):
		return &gunicornFile{pid: pid, fd: fd, link: link}
	}
	return nil
}

func descriptor(fs proc.FS, pid, fd int) string { return fs.Path(pid, "fd/"+strconv.Itoa(fd)) }

// A page is that of the reference server: 64-bit words in the machine's byte order, times in nanoseconds of
// CLOCK_MONOTONIC.
type page struct {
	pid  int
	file proc.OpenFile
}

// The words of the page that are used, by offset.
const (
	pageMagic    = "HTbeat01" // at 0
	pageBeatAt   = 8
	pageTurns    = 16
	pageInFlight = 24
	pageBusy     = 48
	pagePID      = 56
	pageLoopBusy = 80
	pageEnd      = 88
)

func (p *page) read(proc.FS) *Beat {
	var buf [pageEnd]byte
	text, err := p.file.Read(buf[:])
	if err != nil || len(text) < pageEnd || string(text[:8]) != pageMagic {
		return nil
	}
	word := func(at int) uint64 { return binary.NativeEndian.Uint64(text[at:]) }
	if pid := word(pagePID); pid != 0 && int(pid) != p.pid {
		return nil // a page that was left open by the one that made it
	}
	now := clock.Monotonic()
	age := func(at int) time.Duration {
		if word(at) == 0 {
			return 0
		}
		return max(now-time.Duration(word(at)), 0)
	}
	return &Beat{
		Heartbeat: history.Heartbeat{PID: p.pid, Age: age(pageBeatAt), Turns: word(pageTurns), InFlight: int(word(pageInFlight))},
		Busy:      max(age(pageBusy), age(pageLoopBusy)),
	}
}

func (p *page) close() { p.file.Close() }

// A gunicornFile is gunicorn's unlinked file (gunicorn/workers/workertmp.py): up to 20.x its ctime is the last beat,
// later its mtime holds CLOCK_MONOTONIC.
type gunicornFile struct {
	pid, fd int
	link    string
}

func (g *gunicornFile) read(fs proc.FS) *Beat {
	if link, err := fs.Link(g.pid, g.fd); err != nil || link != g.link {
		return nil
	}
	var st unix.Statx_t
	// DONT_SYNC: what the kernel knows already; a file system that hangs is not asked.
	err := unix.Statx(unix.AT_FDCWD, descriptor(fs, g.pid, g.fd), unix.AT_STATX_DONT_SYNC, unix.STATX_MTIME|unix.STATX_CTIME, &st)
	if err != nil {
		return nil
	}
	const tenYears = 10 * 365 * 86400 // seconds: no machine has been up for so long, and no clock stands before 1980
	age := time.Since(time.Unix(st.Ctime.Sec, int64(st.Ctime.Nsec)))
	if st.Mtime.Sec > 0 && st.Mtime.Sec < tenYears {
		age = clock.Monotonic() - time.Duration(st.Mtime.Sec)*time.Second - time.Duration(st.Mtime.Nsec)
	}
	return &Beat{Heartbeat: history.Heartbeat{PID: g.pid, Age: max(age, 0)}}
}

func (g *gunicornFile) close() {}
