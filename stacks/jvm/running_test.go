package jvm

import (
	"slices"
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// What runs on a processor is told by whom it was called, while the thread never stops. The inner frames are those of
// a moment: the outer ones are the same always.
func TestWhatRuns(t *testing.T) { ofEachJDK(t, testWhatRuns) }

func testWhatRuns(t *testing.T, java jdk) {
	classes := java.compile(t, "Busy.java")
	for name, options := range map[string][]string{"as it comes": {"-Xmx128m"}, "interpreted": {"-Xmx128m", "-Xint"}} {
		t.Run(name, func(t *testing.T) {
			r := java.start(t, append(options, "-cp", classes, "Busy")...).reader(t)
			for thread, want := range map[string][]stacks.Frame{
				"recursion": {{Function: "Busy.fib", File: "Busy.java", Line: 9},
					{Function: "Busy.recursion", File: "Busy.java", Line: 13}},
				"expression": {{Function: "java.util.regex.Matcher.find", Library: true},
					{Function: "Busy.expression", File: "Busy.java", Line: 18}},
			} {
				// A stack that is read while it changes may end early: then its outermost frame is another. It is none at all.
				frames := func() (tail, inner []stacks.Frame) {
					got := slices.Clone(look(t, r)[thread].Frames)
					if n := len(got); n > 0 && !strings.HasPrefix(got[n-1].Function, "java.lang.Thread.run") {
						return nil, nil
					}
					for len(got) > 0 && strings.HasPrefix(got[len(got)-1].Function, "java.lang.Thread.run") {
						got = got[:len(got)-1]
					}
					cut := max(0, len(got)-len(want))
					for i := cut; i < len(got); i++ {
						if got[i].Library { // of this version of Java
							got[i].File, got[i].Line = "", 0
						}
					}
					return got[cut:], got[:cut]
				}
				until(t, func() bool {
					tail, inner := frames()
					return slices.Equal(tail, want) && len(inner) > 0
				}, "frames of what "+thread+" runs")
				for range 5 { // from now on it is there always
					tail, inner := frames()
					if len(tail) > 0 && !slices.Equal(tail, want) {
						t.Errorf("%s: %+v, want %+v", thread, tail, want)
					}
					for _, f := range inner {
						if f.Function != want[0].Function && !strings.HasPrefix(f.Function, "java.") {
							t.Errorf("%s: %+v is none that %s calls", thread, f, want[0].Function)
						}
					}
				}
			}
		})
	}
}
