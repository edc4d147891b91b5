package proc

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// A Status is what is used of /proc/PID/status or /proc/PID/task/TID/status (proc_pid_status(5)).
type Status struct {
	TGID    int    // number of the process
	Parent  int    // PPid
	Tracer  int    // TracerPid; 0: nobody traces it
	Threads int    //
	UID     IDs    // Uid
	GID     IDs    // Gid
	NSPID   []int  // its number in the pid namespace of this /proc and in each one below, down to its own (pid_namespaces(7)); since Linux 4.1
	Pending SigSet // ShdPnd: sent to the process, and not delivered yet
	Blocked SigSet // SigBlk, of the thread
	Ignored SigSet // SigIgn
	Caught  SigSet // SigCgt
	Seccomp int    // 0: no filter, 1: strict, 2: a filter of system calls
	CapEff  uint64 // effective capabilities, bit by number (capabilities(7))
}

// IDs are a user's or a group's numbers of a process (credentials(7)).
type IDs struct{ Real, Effective, Saved, FileSystem uint32 }

// A SigSet is a set of signals.
type SigSet uint64

// Has says whether a signal, numbered from 1, is in it.
func (s SigSet) Has(signal int) bool { return signal >= 1 && signal <= 64 && s>>(signal-1)&1 == 1 }

var errStatus = errors.New("malformed status")

// Status reads a process's.
func (fs FS) Status(pid int) (Status, error) { return readStatus(fs.Path(pid, "status")) }

// Status reads that of a thread, which has a mask of signals of its own.
func (t Thread) Status() (Status, error) {
	return readStatus(t.Path("status"))
}

// OwnStatus reads that of the reading process.
func (fs FS) OwnStatus() (Status, error) { return readStatus(fs.Self("status")) }

func readStatus(path string) (Status, error) {
	text, err := Read(path, MaxRead)
	if err != nil {
		return Status{}, err
	}
	return ParseStatus(text)
}

// ParseStatus reads such a text; lines that an older kernel does not write leave their fields at zero.
func ParseStatus(text []byte) (Status, error) {
	var s Status
	var err error
	for line := range bytes.Lines(text) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		wrong := error(nil)
		switch string(key) {
		case "Tgid":
			s.TGID, wrong = strconv.Atoi(string(value))
		case "PPid":
			s.Parent, wrong = strconv.Atoi(string(value))
		case "TracerPid":
			s.Tracer, wrong = strconv.Atoi(string(value))
		case "Threads":
			s.Threads, wrong = strconv.Atoi(string(value))
		case "Seccomp":
			s.Seccomp, wrong = strconv.Atoi(string(value))
		case "Uid":
			s.UID, wrong = parseIDs(value)
		case "Gid":
			s.GID, wrong = parseIDs(value)
		case "NSpid":
			s.NSPID = ParseChildren(value, nil)
		case "ShdPnd":
			wrong = hexadecimal(value, (*uint64)(&s.Pending))
		case "SigBlk":
			wrong = hexadecimal(value, (*uint64)(&s.Blocked))
		case "SigIgn":
			wrong = hexadecimal(value, (*uint64)(&s.Ignored))
		case "SigCgt":
			wrong = hexadecimal(value, (*uint64)(&s.Caught))
		case "CapEff":
			wrong = hexadecimal(value, &s.CapEff)
		}
		if wrong != nil && err == nil {
			err = fmt.Errorf("%w: %q: %w", errStatus, line, wrong)
		}
	}
	if err == nil && s.TGID == 0 {
		err = errStatus // it is empty, or cut off
	}
	return s, err
}

func parseIDs(value []byte) (IDs, error) {
	var n [4]uint32
	w := Words{value}
	for i := range n {
		v, ok := Decimal(w.Next())
		if !ok || v > 1<<32-1 {
			return IDs{}, errors.New("want four numbers")
		}
		n[i] = uint32(v)
	}
	return IDs{n[0], n[1], n[2], n[3]}, nil
}

func hexadecimal(value []byte, into *uint64) (err error) {
	*into, err = strconv.ParseUint(string(value), 16, 64)
	return err
}
