package probe

import (
	"encoding/binary"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// A beat is a worker's own sign of life, seen from outside.
type beat interface {
	// read returns nil when there is none to be had (any more).
	read(p proc.FS) *beatRead
	close()
}

type beatRead struct {
	history.Heartbeat
	busy time.Duration // since when its loop or its request side has been at one thing, as it says itself
}

// findBeat recognises one among a process's descriptors.
func findBeat(p proc.FS, pid, fd int, link string) beat {
	switch {
	case strings.HasPrefix(link, "/memfd:hangtime-heartbeat"):
		if file, err := proc.Keep(p.Path(pid, "fd/"+itoa(fd))); err == nil {
			return &pageBeat{pid: pid, file: file}
		}
	case strings.Contains(link, "/wgunicorn-"):
		return &fileBeat{pid: pid, fd: fd, link: link}
	}
	return nil
}

// pageBeat is the page of the reference server: 64-bit words in the machine's byte order, times in nanoseconds of CLOCK_MONOTONIC.
type pageBeat struct {
	pid  int
	file proc.Kept
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

func (b *pageBeat) read(proc.FS) *beatRead {
	var buf [pageEnd]byte
	page, err := b.file.Read(buf[:])
	if err != nil || len(page) < pageEnd || string(page[:8]) != pageMagic {
		return nil
	}
	word := func(at int) uint64 { return binary.NativeEndian.Uint64(page[at:]) }
	if pid := word(pagePID); pid != 0 && int(pid) != b.pid {
		return nil // a page that was left open by the one that made it
	}
	now := clock.Monotonic()
	age := func(at int) time.Duration {
		if word(at) == 0 {
			return 0
		}
		return max(now-time.Duration(word(at)), 0)
	}
	return &beatRead{
		Heartbeat: history.Heartbeat{PID: b.pid, Age: age(pageBeatAt), Turns: word(pageTurns), InFlight: int(word(pageInFlight))},
		busy:      max(age(pageBusy), age(pageLoopBusy)),
	}
}

func (b *pageBeat) close() { b.file.Close() }

// fileBeat is gunicorn's unlinked file: up to 20.x its ctime is the last beat, later its mtime holds CLOCK_MONOTONIC.
type fileBeat struct {
	pid, fd int
	link    string
}

func (b *fileBeat) read(p proc.FS) *beatRead {
	if link, err := p.Link(b.pid, b.fd); err != nil || link != b.link {
		return nil
	}
	var st unix.Statx_t
	// DONT_SYNC: what the kernel knows already; a file system that hangs is not asked.
	err := unix.Statx(unix.AT_FDCWD, p.Path(b.pid, "fd/"+itoa(b.fd)), unix.AT_STATX_DONT_SYNC, unix.STATX_MTIME|unix.STATX_CTIME, &st)
	if err != nil {
		return nil
	}
	const tenYears = 10 * 365 * 86400
	age := time.Since(time.Unix(st.Ctime.Sec, int64(st.Ctime.Nsec)))
	if st.Mtime.Sec > 0 && st.Mtime.Sec < tenYears {
		age = clock.Monotonic() - time.Duration(st.Mtime.Sec)*time.Second - time.Duration(st.Mtime.Nsec)
	}
	return &beatRead{Heartbeat: history.Heartbeat{PID: b.pid, Age: max(age, 0)}}
}

func (b *fileBeat) close() {}
