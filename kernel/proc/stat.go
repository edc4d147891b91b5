package proc

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// UserHZ is the unit of times in /proc/PID/stat, clock ticks a second. It is 100 on every architecture that Go
// supports (time(7)).
const UserHZ = 100

// Ticks converts clock ticks, in steps of 10 ms.
func Ticks(n uint64) time.Duration { return time.Duration(n) * (time.Second / UserHZ) }

// A Stat is what is used of /proc/PID/stat or /proc/PID/task/TID/stat, proc_pid_stat(5).
type Stat struct {
	Comm      string        // field 2: name of at most 15 bytes, which may hold anything
	State     byte          // field 3: R S D T t Z X I
	Parent    int           // field 4
	Group     int           // field 5: process group
	Session   int           // field 6
	CPU       time.Duration // fields 14 and 15: utime + stime, in steps of 10 ms
	Threads   int           // field 20
	Start     uint64        // field 22: clock ticks since boot; with the pid, its identity
	RSS       uint64        // field 24: pages
	Processor int           // field 39: that it last ran on
	Exit      int           // field 52: as wait(2) has it; only for a zombie, and only with the right to trace it
}

// Over says whether nothing runs any more under this number: a zombie, or one that is just being buried. Of a process
// the other threads may still be on their way out.
func (s Stat) Over() bool { return s.State == 'Z' || s.State == 'X' }

var errStat = errors.New("malformed stat")

// ParseStat reads such a line.
func ParseStat(line []byte) (Stat, error) {
	// The name in parentheses may hold anything, parentheses and line breaks too: fields are counted from the last one.
	open, shut := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 0 || shut < open {
		return Stat{}, errStat
	}
	s := Stat{Comm: string(line[open+1 : shut])}
	w := Words{line[shut+1:]}
	const state, processor, exitCode = 3, 39, 52
	for field := state; field <= exitCode; field++ {
		word := w.Next()
		if len(word) == 0 {
			if field <= processor {
				return Stat{}, errStat
			}
			break
		}
		if field == state {
			if len(word) != 1 {
				return Stat{}, errStat
			}
			s.State = word[0]
			continue
		}
		switch field {
		case 4, 5, 6, 14, 15, 20, 22, 24, processor, exitCode:
		default:
			continue
		}
		n, ok := Decimal(word)
		if !ok {
			return s, fmt.Errorf("%w: field %d is %q", errStat, field, word)
		}
		switch field {
		case 4:
			s.Parent = int(n)
		case 5:
			s.Group = int(n)
		case 6:
			s.Session = int(n)
		case 14, 15:
			s.CPU += Ticks(n)
		case 20:
			s.Threads = int(n)
		case 22:
			s.Start = n
		case 24:
			s.RSS = n
		case processor:
			s.Processor = int(n)
		case exitCode:
			s.Exit = int(n)
		}
	}
	return s, nil
}

// Stat reads a process's line.
func (fs FS) Stat(pid int) (Stat, error) { return readStat(fs.Path(pid, "stat")) }

// Stat reads that of a thread.
func (t Thread) Stat() (Stat, error) { return readStat(t.Path("stat")) }

func readStat(path string) (Stat, error) {
	line, err := Read(path, MaxRead)
	if err != nil {
		return Stat{}, err
	}
	return ParseStat(line)
}

// MayTrace says whether we are root or the owner of a process: others are told a zero exit code, and no addresses.
func (fs FS) MayTrace(pid int) bool {
	var st unix.Stat_t
	euid := unix.Geteuid()
	return euid == 0 || unix.Stat(fs.Path(pid, ""), &st) == nil && int(st.Uid) == euid
}
