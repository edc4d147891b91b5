package jvm

import (
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// The ways in which a virtual machine may be set up that change what is read: how it compresses references, what
// collects its garbage, and whether code is interpreted or compiled.
var setups = map[string][]string{
	"as it comes":    {"-Xmx128m"},
	"interpreted":    {"-Xmx128m", "-Xint"},
	"compiled by C1": {"-Xmx128m", "-Xcomp", "-XX:TieredStopAtLevel=1"},
	"compiled by C2": {"-Xmx128m", "-Xcomp", "-XX:-TieredCompilation", "-XX:CompileCommand=quiet",
		"-XX:CompileCommand=compileonly,App::*", "-XX:CompileCommand=compileonly,java.util.concurrent.*::*"},
	"without compressed refs": {"-Xmx128m", "-XX:-UseCompressedOops", "-XX:-UseCompressedClassPointers",
		"-XX:+UseSerialGC"},
	// A heap so large that it does not collect: it mends references to what it moved only when the program uses them.
	"with ZGC":                     {"-Xmx1g", "-XX:+UseZGC"},
	"with one part of code cache":  {"-Xmx128m", "-XX:-SegmentedCodeCache", "-XX:+UseParallelGC"},
	"with a heap above its offset": {"-Xmx128m", "-XX:HeapBaseMinAddress=40g"},
}

// names are the threads of App that wait.
var names = []string{
	"holder", "class-holder", "ab", "ba", "lock", "timed-lock", "read-lock", "semaphore", "latch", "queue",
	"timed-queue", "future", "promise", "running-future", "supply", "derived", "either", "limited", "barrier", "notify", "class", "join",
	"child", "sleep", "deep", "supplied", "condition", "pool", "scheduled", "busy", "timer", "main",
}

func TestFramesAreThoseOfJstack(t *testing.T) { ofEachJDK(t, testFrames) }

func testFrames(t *testing.T, java jdk) {
	classes := java.compile(t, "App.java")
	all := maps.Clone(setups)
	if java.version(t) >= 25 {
		all["with compact headers"] = []string{"-Xmx128m", "-XX:+UseCompactObjectHeaders"}
	}
	for name, options := range all {
		t.Run(name, func(t *testing.T) {
			pid := java.start(t, append(options, "-cp", classes, "App")...)
			r := opened(t, pid)
			settled(t, r)
			want := java.jstack(t, pid)
			got := look(t, r)
			if owner := got["supply"].Wait.Owner; owner != uint64(got["supplier"].TID) {
				t.Errorf("supply waits for thread %d, want %d", owner, got["supplier"].TID)
			}
			for _, thread := range append([]string{"Finalizer", "Reference Handler", "Common-Cleaner"}, names...) {
				if len(want[thread]) == 0 {
					t.Fatalf("jstack tells nothing of %s", thread)
				}
				// Who waits at monitorenter is for jstack already at what comes after it; it is told where it waits.
				if thread == "ab" || thread == "ba" {
					want[thread][0] = "App.deadlock(App.java:45)"
				}
				if frames := render(got[thread].Frames); !slices.Equal(frames, want[thread]) {
					t.Errorf("%s:\n%s\njstack:\n%s", thread, strings.Join(frames, "\n"), strings.Join(want[thread], "\n"))
				}
			}
		})
	}
}

// settled waits until all threads of App wait where they are to stay.
func settled(t *testing.T, r *reader) {
	t.Helper()
	missing := ""
	until(t, func() bool {
		all := look(t, r)
		for _, name := range names {
			if missing = name; len(all[name].Frames) == 0 || all[name].Wait.On == "" {
				return false
			}
		}
		missing = "those at their last place"
		return all["holder"].Wait.On == "sleep" && all["main"].Wait.On == "thread" && all["ab"].Wait.On == "monitor" &&
			all["ba"].Wait.On == "monitor" && all["HTTP-Dispatcher"].Wait.On == "sleep"
	}, "all threads to wait, such as %s", &missing)
}

// render writes frames as jstack does. It says "Native Method" in place of a native one's file, of which the others
// have a line.
func render(frames []stacks.Frame) (all []string) {
	for _, f := range frames {
		where := fmt.Sprintf("%s:%d", f.File, f.Line)
		switch {
		case f.File == "":
			where = "Unknown Source"
		case f.Line == 0:
			where = "Native Method"
		}
		all = append(all, fmt.Sprintf("%s(%s)", f.Function, where))
	}
	return all
}

var (
	threadLine = regexp.MustCompile(`(?m)^"(.*?)" #`)
	frameLine  = regexp.MustCompile(`^\tat (?:.*/)?([^/(]+)\((?:[^/()]*/)?([^()]*)\)$`)
)

// jstack is what the virtual machine itself tells of its threads. Frames that nobody wrote are left out.
func (j jdk) jstack(t *testing.T, pid int) map[string][]string {
	t.Helper()
	text, err := exec.Command(j.tool("jstack"), strconv.Itoa(pid)).Output()
	if err != nil {
		t.Fatalf("jstack: %v", err)
	}
	all, thread := map[string][]string{}, ""
	for _, line := range strings.Split(string(text), "\n") {
		if m := threadLine.FindStringSubmatch(line); m != nil {
			thread = m[1]
		}
		m := frameLine.FindStringSubmatch(line)
		if m == nil || strings.Contains(line, "$$Lambda") || strings.Contains(line, "LambdaForm") {
			continue
		}
		all[thread] = append(all[thread], m[1]+"("+m[2]+")")
	}
	return all
}
