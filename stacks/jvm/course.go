package jvm

import (
	"slices"
	"strings"

	"github.com/hangtime-dev/hangtime/stacks"
)

// course says that a thread is in a program's own course: in the application's code, which no library called that takes
// work.
func course(frames []stacks.Frame) bool {
	own := slices.IndexFunc(frames, func(f stacks.Frame) bool { return !f.Library })
	return own >= 0 && !slices.ContainsFunc(frames[own:], func(f stacks.Frame) bool {
		return f.Library && !onlyCalls(f.Function)
	})
}

// anyOwn says that the application's code is somewhere in frames. Below the main method it is the program's own course,
// whoever called it: libraries take work in threads of their own.
func anyOwn(frames []stacks.Frame) bool {
	return slices.ContainsFunc(frames, func(f stacks.Frame) bool { return !f.Library })
}

// onlyCalls says that a function calls what it was given, and takes no work from anybody: what threads begin with,
// reflection, collections, and Spring Boot where it starts a program and its runners.
func onlyCalls(function string) bool {
	if strings.HasPrefix(function, "java.util.concurrent.") || strings.HasPrefix(function, "java.util.TimerThread.") {
		return false
	}
	return slices.ContainsFunc([]string{"java.lang.", "java.util.", "java.security.", "jdk.internal.", "kotlin.concurrent.",
		"org.springframework.boot.SpringApplication", "org.springframework.boot.loader."},
		func(prefix string) bool { return strings.HasPrefix(function, prefix) })
}
