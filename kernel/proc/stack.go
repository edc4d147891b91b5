package proc

import (
	"bytes"
	"strings"
)

// maxFrames bounds the functions that are told of a stack: from there on it is how every system call begins.
const maxFrames = 24

// Stack is a thread's stack in the kernel, innermost function first (proc_pid_stack(5)); empty: it is in none, or we
// are not root.
func (t Thread) Stack() []string {
	text, err := Read(t.Path("stack"), MaxRead)
	if err != nil {
		return nil
	}
	return ParseStack(text)
}

// ParseStack reads lines such as "[<0>] locks_lock_inode_wait+0x9a/0x120".
func ParseStack(text []byte) []string {
	var frames []string
	for line := range bytes.Lines(text) {
		_, frame, found := strings.Cut(strings.TrimSpace(string(line)), "] ")
		if !found {
			continue
		}
		frame, _, _ = strings.Cut(frame, "+")
		if frames = append(frames, frame); len(frames) == maxFrames {
			break
		}
	}
	return frames
}
