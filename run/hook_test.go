package run

import (
	"bytes"
	"strings"
	"testing"
)

func TestAHookRunsOneCommandAfterTheOther(t *testing.T) {
	var out bytes.Buffer
	h := &Hook{Command: "read -r word; echo begin $word; [ $word != b ]; code=$?; echo end $word; exit $code", Output: &out}
	for _, word := range []string{"a", "b", "c"} {
		h.Run([]byte(word))
	}
	h.Wait()
	want := "begin a\nend a\nbegin b\nend b\nhangtime: --on-hang: exit status 1\nbegin c\nend c\n"
	if out.String() != want {
		t.Errorf("it said\n%s, want\n%s", out.String(), want)
	}
}

func TestNoCommandIsNothingToWaitFor(t *testing.T) {
	var out strings.Builder
	h := &Hook{Output: &out}
	h.Run([]byte("a"))
	h.Wait()
	if out.Len() > 0 {
		t.Error(out.String())
	}
}
