package report

import (
	"strings"
	"testing"

	"github.com/hangtime-dev/hangtime/diagnose"
)

// Four workers in one place are explained once; one in another place is explained too.
func TestWhatWorkersShareIsSaidOnce(t *testing.T) {
	cause := func(frame string) *Cause {
		return &Cause{Sentence: "its main thread waits", Stack: []string{frame, "app (shop.py:7)"}, Remedy: "give it a timeout"}
	}
	l := Look{Workers: []Worker{
		{Worker: 1, PID: 41, State: diagnose.Hung, Cause: cause("price (shop.py:4)")},
		{Worker: 2, PID: 42, State: diagnose.Hung, Cause: cause("price (shop.py:4)")},
		{Worker: 3, PID: 43, State: diagnose.Hung, Cause: cause("stock (shop.py:9)")},
		{Worker: 4, PID: 44, State: diagnose.Hung, Cause: cause("price (shop.py:4)")},
		{Worker: 5, PID: 45, State: diagnose.Hung, Cause: &Cause{Sentence: "nobody knows"}},
		{Worker: 6, PID: 46, State: diagnose.Hung, Cause: &Cause{Sentence: "nobody knows"}},
	}}
	var out strings.Builder
	if err := l.Text(&out); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"price (shop.py:4)": 1, "stock (shop.py:9)": 1, "give it a timeout": 2,
		"same as worker 1, with the same remedy": 2, "why:": 6} {
		if got := strings.Count(out.String(), text); got != want {
			t.Errorf("%q is said %d times, want %d:\n%s", text, got, want, out.String())
		}
	}
}
