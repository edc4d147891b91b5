package jvm

import (
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/stacks"
)

// What runs on a processor is told by whom it was called, while the thread never stops. The inner frames are those of a moment: the outer ones are the
// same always.
func TestWhatRuns(t *testing.T) {
	classes := compile(t, "Busy.java")
	for name, options := range map[string][]string{"as it comes": {"-Xmx128m"}, "interpreted": {"-Xmx128m", "-Xint"}} {
		t.Run(name, func(t *testing.T) {
			r := opened(t, start(t, append(options, "-cp", classes, "Busy")...))
			for thread, want := range map[string][]stacks.Frame{
				"recursion":  {{Function: "Busy.fib", File: "Busy.java", Line: 9}, {Function: "Busy.recursion", File: "Busy.java", Line: 13}},
				"expression": {{Function: "java.util.regex.Matcher.find", File: "Matcher.java", Library: true}, {Function: "Busy.expression", File: "Busy.java", Line: 18}},
			} {
				want = append(want, stacks.Frame{Function: "java.lang.Thread.run", File: "Thread.java", Library: true})
				for range 3 {
					var got []stacks.Frame
					until(t, func() bool {
						got = look(t, r)[thread].Frames
						return len(got) > len(want)
					}, "frames of what "+thread+" runs")
					for i, f := range got[len(got)-len(want):] {
						if f.File != "Busy.java" {
							f.Line = 0 // of this version of Java
						}
						if f != want[i] {
							t.Errorf("%s: %+v, want %+v among %+v", thread, f, want[i], got)
						}
					}
					for _, f := range got[:len(got)-len(want)] {
						if inner := want[0].Function; f.Function != inner && !strings.HasPrefix(f.Function, "java.") {
							t.Errorf("%s: %+v is none that %s calls", thread, f, inner)
						}
					}
				}
			}
		})
	}
}
