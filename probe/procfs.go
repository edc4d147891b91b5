package probe

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// proc is the root of a proc file system: "/proc", or a recorded one in tests.
type proc string

func (p proc) pid(pid int, name string) string {
	return filepath.Join(string(p), strconv.Itoa(pid), name)
}

func (p proc) task(pid, tid int, name string) string {
	return filepath.Join(string(p), strconv.Itoa(pid), "task", strconv.Itoa(tid), name)
}

// maxRead bounds what is read of one proc file; the files read here are far smaller, except /proc/locks, which has its own bound.
const maxRead = 64 << 10

// read returns a whole proc file, at most max bytes. Anything may have vanished: the error is the caller's news, not a trouble.
func read(path string, max int) ([]byte, error) {
	fd, err := retry(func() (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0) })
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var out []byte
	for len(out) < max {
		if cap(out)-len(out) < 512 {
			out = slices.Grow(out, 2048+len(out))
		}
		n, err := retry(func() (int, error) { return unix.Read(fd, out[len(out):cap(out)]) })
		if err != nil {
			return nil, err
		}
		if n <= 0 {
			break
		}
		out = out[:len(out)+n]
	}
	return out[:min(len(out), max)], nil
}

// retry repeats a system call that a signal interrupted: Go's own preemption signals do.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// A kept is a proc file that stays open and is read again from its start: a fourth of the cost of opening it each time.
type kept struct {
	fd int // -1: not open
}

func keep(path string) (kept, error) {
	fd, err := retry(func() (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return kept{-1}, err
	}
	return kept{fd}, nil
}

func (k kept) read(buf []byte) ([]byte, error) {
	n, err := retry(func() (int, error) { return unix.Pread(k.fd, buf, 0) })
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, unix.ESRCH // a process that is gone reads as empty or as ESRCH, by file
	}
	return buf[:n], nil
}

// whole reads a file of any length up to max, into a buffer that may be used again.
func (k kept) whole(buf []byte, max int) ([]byte, error) {
	out := buf[:0]
	for len(out) < max {
		if cap(out)-len(out) < 512 {
			out = slices.Grow(out, 4096+len(out))
		}
		n, err := retry(func() (int, error) { return unix.Pread(k.fd, out[len(out):cap(out)], int64(len(out))) })
		if err != nil {
			return nil, err
		}
		if n <= 0 {
			break
		}
		out = out[:len(out)+n]
	}
	return out[:min(len(out), max)], nil
}

func (k *kept) close() {
	if k.fd >= 0 {
		unix.Close(k.fd)
		k.fd = -1
	}
}

// userHZ is the unit of times in /proc/PID/stat. It is 100 on every architecture that Go supports (man 7 time).
const userHZ = 100

func ticks(n uint64) time.Duration { return time.Duration(n) * (time.Second / userHZ) }

// A stat is what is used of /proc/PID/stat or /proc/PID/task/TID/stat, proc_pid_stat(5).
type stat struct {
	comm    string
	state   byte          // R S D T t Z X I
	parent  int           //
	cpu     time.Duration // utime + stime, in steps of 10 ms
	threads int           //
	start   uint64        // clock ticks since boot
	rss     uint64        // pages
	cpuNr   int           // processor it last ran on
	exit    int           // as wait(2) has it; only for a zombie, and only with the right to trace it
}

var errStat = errors.New("malformed stat")

// words goes through the words of a line without making anything of them.
type words struct{ rest []byte }

func (w *words) next() []byte {
	i := 0
	for i < len(w.rest) && (w.rest[i] == ' ' || w.rest[i] == '\t' || w.rest[i] == '\n') {
		i++
	}
	j := i
	for j < len(w.rest) && w.rest[j] != ' ' && w.rest[j] != '\t' && w.rest[j] != '\n' {
		j++
	}
	word := w.rest[i:j]
	w.rest = w.rest[j:]
	return word
}

// decimal reads an unsigned number; ok is false for anything else, and for one that does not fit.
func decimal(word []byte) (n uint64, ok bool) {
	for _, c := range word {
		if c < '0' || c > '9' || n > (1<<64-1-9)/10 {
			return n, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, len(word) > 0
}

func parseStat(line []byte) (stat, error) {
	// The name in parentheses may hold anything, parentheses and line breaks too: fields are counted from the last one.
	open, shut := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 0 || shut < open {
		return stat{}, errStat
	}
	s := stat{comm: string(line[open+1 : shut])}
	w := words{line[shut+1:]}
	const state, processor, exitCode = 3, 39, 52
	for field := state; field <= exitCode; field++ {
		word := w.next()
		if len(word) == 0 {
			if field <= processor {
				return stat{}, errStat
			}
			break
		}
		if field == state {
			if len(word) != 1 {
				return stat{}, errStat
			}
			s.state = word[0]
			continue
		}
		switch field {
		case 4, 14, 15, 20, 22, 24, processor, exitCode:
		default:
			continue
		}
		n, ok := decimal(word)
		if !ok {
			return s, fmt.Errorf("%w: field %d is %q", errStat, field, word)
		}
		switch field {
		case 4:
			s.parent = int(n)
		case 14, 15:
			s.cpu += ticks(n)
		case 20:
			s.threads = int(n)
		case 22:
			s.start = n
		case 24:
			s.rss = n
		case processor:
			s.cpuNr = int(n)
		case exitCode:
			s.exit = int(n)
		}
	}
	return s, nil
}

func (p proc) stat(pid int) (stat, error) {
	line, err := read(p.pid(pid, "stat"), maxRead)
	if err != nil {
		return stat{}, err
	}
	return parseStat(line)
}

func (p proc) taskStat(pid, tid int) (stat, error) {
	line, err := read(p.task(pid, tid, "stat"), maxRead)
	if err != nil {
		return stat{}, err
	}
	return parseStat(line)
}

// A schedstat is a thread's account by the scheduler (Documentation/scheduler/sched-stats.rst).
type schedstat struct {
	ran   time.Duration // on a processor
	delay time.Duration // ready, and waiting for a processor
	runs  uint64        // times it was put on a processor
}

func parseSchedstat(line []byte) (schedstat, error) {
	w := words{line}
	var n [3]uint64
	for i := range n {
		v, ok := decimal(w.next())
		if !ok {
			return schedstat{}, fmt.Errorf("malformed schedstat %q", line)
		}
		n[i] = v
	}
	return schedstat{time.Duration(n[0]), time.Duration(n[1]), n[2]}, nil
}

// parseExecStart finds when the thread was last on a processor, on that processor's own clock, in /proc/PID/task/TID/sched (kernel/sched/debug.c; milliseconds).
func parseExecStart(text []byte) (time.Duration, bool) {
	_, rest, found := bytes.Cut(text, []byte("se.exec_start"))
	if !found {
		return 0, false
	}
	_, rest, found = bytes.Cut(rest, []byte(":"))
	if !found {
		return 0, false
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	whole, part, _ := strings.Cut(strings.TrimSpace(string(line)), ".")
	ms, err := strconv.ParseUint(whole, 10, 40)
	if err != nil {
		return 0, false
	}
	ns, err := strconv.ParseUint((part + "000000")[:6], 10, 32)
	if err != nil {
		return 0, false
	}
	return time.Duration(ms)*time.Millisecond + time.Duration(ns), true
}

// numbers are the entries of a folder that are numbers: processes, threads, descriptors.
func numbers(path string) ([]int, error) {
	folder := folder{fd: -1}
	defer folder.close()
	var out []int
	err := folder.entries(path, func(name []byte) {
		if v, ok := decimal(name[:len(name)-1]); ok && v < 1<<31 {
			out = append(out, int(v))
		}
	})
	return out, err
}

func (p proc) threads(pid int) ([]int, error) { return numbers(p.pid(pid, "task")) }

// link is where a descriptor of a process leads, as the kernel words it; it asks no file system, so it cannot hang on a broken one.
func (p proc) link(pid, fd int) (string, error) {
	buf := make([]byte, 4096)
	n, err := unix.Readlink(p.pid(pid, "fd/"+strconv.Itoa(fd)), buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// socketInode reads "socket:[123]".
func socketInode[text string | []byte](link text) (uint32, bool) {
	const before = "socket:["
	if len(link) <= len(before) || string(link[:len(before)]) != before || link[len(link)-1] != ']' {
		return 0, false
	}
	n, ok := decimal([]byte(link[len(before) : len(link)-1]))
	return uint32(n), ok && n < 1<<32
}

// command is a process's command line for people, at most 120 bytes.
func (p proc) command(pid int) string {
	text, err := read(p.pid(pid, "cmdline"), 4096)
	// One line, whatever stands in it: an argument may be a whole program.
	words := strings.Join(strings.FieldsFunc(string(text), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if err != nil || words == "" {
		if s, err := p.stat(pid); err == nil {
			return "[" + s.comm + "]"
		}
		return ""
	}
	if len(words) > 120 {
		words = strings.ToValidUTF8(words[:117], "") + "…"
	}
	return words
}

// fileLimit is the soft limit of a process's open files; 0: it is not known.
func (p proc) fileLimit(pid int) int {
	text, err := read(p.pid(pid, "limits"), maxRead)
	if err != nil {
		return 0
	}
	return parseFileLimit(text)
}

func parseFileLimit(text []byte) int {
	_, rest, found := bytes.Cut(text, []byte("Max open files"))
	if !found {
		return 0
	}
	w := words{rest}
	n, ok := decimal(w.next())
	if !ok || n > 1<<31 {
		return 0
	}
	return int(n)
}
