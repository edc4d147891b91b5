package proc

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// An FDInfo is what is used of /proc/PID/fdinfo/FD (proc_pid_fdinfo(5), fs/proc/fd.c and the show_fdinfo of each kind
// of file).
type FDInfo struct {
	Flags uint64 // of open(2), octal in the file
	Mount int    // number of the mount, as in mountinfo
	Inode uint64 // since Linux 5.14
	Locks []Lock // held through this open file

	FUSE    int          // of /dev/fuse: the number of its connection, which is the mount's minor device number; -1: it is not said
	PID     int          // of a pidfd; -1: the process was waited for, or this is no pidfd; 0: it is not in the pid namespace of this /proc
	Epoll   []EpollWatch // of an epoll instance: what it watches
	Event   EventFD      // of an eventfd
	Inotify int          // of an inotify instance: watches
	Timer   TimerFD      // of a timerfd

	Cut bool // there is more than is read: some of Epoll are missing
}

// An EpollWatch is one descriptor that an epoll instance watches: a "tfd:" line (fs/eventpoll.c).
type EpollWatch struct {
	FD     int    // its number in the process that registered it when it did: the file may have other numbers, or none, by now
	Events uint32 // of epoll_ctl(2)
	Inode  uint64 // of the file itself
	Device uint64 // of its file system, as the kernel numbers it (major << 20 | minor)
}

// An EventFD is an eventfd (eventfd(2)).
type EventFD struct {
	Is    bool
	Count uint64 // a read of zero waits
}

// A TimerFD is a timerfd (timerfd_create(2)).
type TimerFD struct {
	Is    bool
	Ticks uint64        // expirations that nobody has read
	Left  time.Duration // until the next one; 0: it is not set
}

// maxFDInfo bounds what is read, in bytes: about ten thousand descriptors of one epoll instance.
const maxFDInfo = 1 << 20

// Info reads it of a descriptor.
func (d Descriptor) Info() (FDInfo, error) {
	text, err := Read(d.fs.Path(d.pid, "fdinfo/"+strconv.Itoa(d.number)), maxFDInfo)
	if err != nil {
		return FDInfo{}, err
	}
	cut := len(text) == maxFDInfo
	if cut {
		text = text[:bytes.LastIndexByte(text, '\n')+1] // half a line would read as another number
	}
	info := ParseFDInfo(text)
	info.Cut = cut
	return info, nil
}

// ParseFDInfo reads such a text. A line that cannot be read is passed over.
func ParseFDInfo(text []byte) FDInfo {
	info := FDInfo{FUSE: -1, PID: -1}
	for line := range bytes.Lines(text) {
		key, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "flags":
			info.Flags, _ = strconv.ParseUint(value, 8, 64)
		case "mnt_id":
			info.Mount, _ = strconv.Atoi(value)
		case "ino":
			info.Inode, _ = strconv.ParseUint(value, 10, 64)
		case "fuse_connection":
			if n, err := strconv.Atoi(value); err == nil {
				info.FUSE = n
			}
		case "lock":
			if l, err := ParseLock(value); err == nil {
				info.Locks = append(info.Locks, l)
			}
		case "Pid":
			if n, err := strconv.Atoi(value); err == nil {
				info.PID = n
			}
		case "tfd":
			if watch, ok := parseEpollWatch(value); ok {
				info.Epoll = append(info.Epoll, watch)
			}
		case "eventfd-count":
			if n, err := strconv.ParseUint(value, 16, 64); err == nil {
				info.Event = EventFD{true, n}
			}
		case "inotify wd":
			info.Inotify++
		case "clockid":
			info.Timer.Is = true
		case "ticks":
			info.Timer.Ticks, _ = strconv.ParseUint(value, 10, 64)
		case "it_value":
			info.Timer.Left = parsePair(value)
		}
	}
	return info
}

// parseEpollWatch reads "5 events:       19 data:                5  pos:0 ino:2b sdev:9": all but the descriptor is
// hexadecimal.
func parseEpollWatch(text string) (EpollWatch, bool) {
	f := strings.Fields(text)
	if len(f) == 0 {
		return EpollWatch{}, false
	}
	fd, err := strconv.ParseInt(f[0], 10, 32)
	if err != nil || fd < 0 {
		return EpollWatch{}, false
	}
	watch := EpollWatch{FD: int(fd)}
	for i := 1; i < len(f); i++ {
		key, value, _ := strings.Cut(f[i], ":")
		if value == "" && i+1 < len(f) { // a space pads the number
			i++
			value = f[i]
		}
		n, err := strconv.ParseUint(value, 16, 64)
		if err != nil {
			continue
		}
		switch key {
		case "events":
			watch.Events = uint32(n)
		case "ino":
			watch.Inode = n
		case "sdev":
			watch.Device = n
		}
	}
	return watch, true
}

// parsePair reads "(seconds, nanoseconds)".
func parsePair(text string) time.Duration {
	first, second, _ := strings.Cut(strings.Trim(text, "()"), ",")
	s, err := strconv.ParseInt(first, 10, 33)
	ns, wrong := strconv.ParseInt(strings.TrimSpace(second), 10, 31)
	if err != nil || wrong != nil {
		return 0
	}
	return time.Duration(s)*time.Second + time.Duration(ns)
}
