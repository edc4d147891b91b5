package php

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// maxFrames bounds the calls of one look.
const maxFrames = 120

// frames follows the calls from the innermost one outwards. PHP notes the line where a call leaves a function; in one
// that computes without a call it may be an earlier one.
func frames(view *foreign.View, l layout, call uint64) []stacks.Frame {
	var all []stacks.Frame
	for range maxFrames {
		block := view.Block(call, callSize)
		if block == nil {
			break
		}
		call = block.Word(callPrev)
		function := block.Word(callFunc)
		if function == 0 { // a frame that PHP puts in for its own sake, as a generator does
			continue
		}
		if f, ok := frame(view, l, function, block.Word(callOpline)); ok {
			if f.Function == "" && call == 0 {
				f.Function = "{main}"
			} else if f.Function == "" {
				f.Function = "include"
			}
			all = append(all, f)
		}
	}
	return all
}

// frame tells one call: of a function in C by its name, of one in PHP with its file and line. Code that is a file's
// own, and no function's, has no name.
func frame(view *foreign.View, l layout, function, opline uint64) (stacks.Frame, bool) {
	block := view.Block(function, functionSize)
	f := stacks.Frame{Function: text(view, block.Word(functionName), maxName)}
	if class := block.Word(functionScope); class != 0 && f.Function != "" {
		if name := text(view, view.Word(class+className), maxName); name != "" {
			f.Function = name + "::" + f.Function
		}
	}
	switch block.Byte(functionType) {
	case typeInternal:
		f.Library = true
		return f, f.Function != ""
	case typeUser, typeEval:
		file := view.Block(function+uint64(l.filename), 16)
		f.File = text(view, file.Word(0), maxPath)
		f.Library = library(f.File)
		line := view.Block(opline, opLine+4).Uint32(opLine)
		// Else it is an instruction of PHP's own, such as that of an exception.
		if line >= file.Uint32(8) && line <= file.Uint32(12) {
			f.Line = int(line)
		}
		return f, f.File != ""
	}
	return f, false
}

// library says that a file is of an installed package: Debian's, or Composer's, which has all in vendor.
func library(file string) bool {
	return strings.HasPrefix(file, "/usr/share/php") || strings.Contains(file, "/vendor/")
}

// wait says what a process waits for where the function in C does nothing else. Others, such as curl_exec or pg_query,
// both work and wait: what they wait for the kernel knows.
func wait(frames []stacks.Frame) stacks.Wait {
	if len(frames) == 0 || frames[0].File != "" {
		return stacks.Wait{}
	}
	on := map[string]string{
		"sleep": "sleep", "usleep": "sleep", "time_nanosleep": "sleep", "time_sleep_until": "sleep",
		"flock": "lock", "sem_acquire": "semaphore",
		"exec": "child", "shell_exec": "child", "system": "child", "passthru": "child", "proc_close": "child",
		"pclose":     "child",
		"pcntl_wait": "child", "pcntl_waitpid": "child",
		"stream_select": "select", "socket_select": "select",
	}[frames[0].Function]
	if on == "" {
		return stacks.Wait{}
	}
	return stacks.Wait{On: on, FD: -1}
}
