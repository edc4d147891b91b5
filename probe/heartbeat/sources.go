package heartbeat

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/kernel/clock"
	"github.com/hangtime-dev/hangtime/kernel/proc"
)

// find looks for a source among a process's descriptors; nil: there is none.
func find(fs proc.FS, pid int) source {
	fds, err := fs.FDs(pid)
	if err != nil {
		return nil
	}
	for _, fd := range fds {
		link, err := fs.Descriptor(pid, fd).Link()
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
		if file := (&gunicornFile{pid: pid, fd: fd, link: link}); file.isOwn(fs) {
			return file
		}
	}
	return nil
}

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
		Heartbeat: history.Heartbeat{PID: p.pid, Age: age(pageBeatAt), Turns: word(pageTurns),
			InFlight: int(word(pageInFlight))},
		Busy: max(age(pageBusy), age(pageLoopBusy)),
	}
}

func (p *page) close() { p.file.Close() }
