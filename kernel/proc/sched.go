package proc

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// ParseExecStart finds se.exec_start in the text of /proc/PID/task/TID/sched (kernel/sched/debug.c;
// CONFIG_SCHED_DEBUG): when the thread was last on a processor, on that processor's own clock, which is not
// CLOCK_MONOTONIC (package clock converts). The file has milliseconds. Zero: the thread was moved to another
// processor's queue since.
func ParseExecStart(text []byte) (time.Duration, bool) {
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

// ExecStart reads it of a thread.
func (t Thread) ExecStart() (time.Duration, bool) {
	text, err := Read(t.Path("sched"), MaxRead)
	if err != nil {
		return 0, false
	}
	return ParseExecStart(text)
}
