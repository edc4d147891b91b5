package jvm

import (
	"fmt"
	"maps"
	"slices"
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
	"with ZGC": {"-Xmx1g", "-XX:+UseZGC"},
	"with a heap above its offset, and one part of code cache": {"-Xmx128m", "-XX:HeapBaseMinAddress=40g",
		"-XX:-SegmentedCodeCache", "-XX:+UseParallelGC"},
}

func TestThreads(t *testing.T) { ofEachJDK(t, testThreads) }

func testThreads(t *testing.T, java jdk) {
	classes := java.compile(t, "App.java")
	all := maps.Clone(setups)
	if java.version(t) >= 25 {
		all["with compact headers"] = []string{"-Xmx128m", "-XX:+UseCompactObjectHeaders"}
	}
	for name, options := range all {
		t.Run(name, func(t *testing.T) {
			app := java.start(t, append(options, "-cp", classes, "App")...)
			dump := settled(t, app)
			r := app.reader(t)
			t.Run("frames", func(t *testing.T) { testFrames(t, dump, r) })
			t.Run("waits", func(t *testing.T) { testWaits(t, java, app, r) })
			r.looks = keepLooks - 1
			t.Run("waits in a look that reads all anew", func(t *testing.T) { testWaits(t, java, app, r) })
		})
	}
}

// testFrames asks for the frames that the virtual machine itself tells.
func testFrames(t *testing.T, dump map[string]dumped, r *reader) {
	got := look(t, r)
	for _, thread := range slices.Concat([]string{"Finalizer", "Reference Handler", "Common-Cleaner"},
		slices.Collect(maps.Keys(places))) {
		want := dump[thread].frames
		if len(want) == 0 {
			t.Fatalf("the dump tells nothing of %s", thread)
		}
		// Who waits at monitorenter is for the dump already at what comes after it; it is told where it waits.
		if thread == "ab" || thread == "ba" {
			want[0] = "App.deadlock(App.java:45)"
		}
		if frames := render(got[thread].Frames); !slices.Equal(frames, want) {
			t.Errorf("%s:\n%s\nthe virtual machine's own:\n%s", thread, strings.Join(frames, "\n"), strings.Join(want, "\n"))
		}
	}
}

// render writes frames as the virtual machine does. It says "Native Method" in place of a native one's file, of which the
// others have a line.
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
