package tui

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"
	"github.com/google/go-cmp/cmp"
)

// Whatever stood there before, the terminal shows each frame as if it had been drawn alone, colours included.
func TestOnlyWhatChangesIsPainted(t *testing.T) {
	const w, h = 120, 35
	var frames []string
	for _, s := range goldenScreens() {
		frames = append(frames, s.model(t, w, h).frame())
	}
	first := strings.Split(frames[0], "\n")
	first[3] = strings.Repeat("日本", w/4)
	frames = append(frames, strings.Join(first, "\n"), frames[0], frames[len(frames)-1], frames[len(frames)-1])
	first[3] = strings.Repeat("日木", w/4)
	first[4] = "\x1b[1mbold \x1b[31mand red\x1b[0m" + strings.Repeat(" ", w-12)
	frames = append(frames, strings.Join(first, "\n"))

	var out bytes.Buffer
	p := &painter{out: &out}
	if _, err := p.Write([]byte("\x1b[?1049h")); err != nil {
		t.Fatal(err)
	}
	screen := vt.NewEmulator(w, h)
	for i, frame := range frames {
		p.draw(frame)
		_, _ = screen.Write(out.Bytes())
		out.Reset()
		alone := vt.NewEmulator(w, h)
		for y, line := range strings.Split(frame, "\n") {
			_, _ = fmt.Fprintf(alone, "\x1b[%d;1H%s", y+1, line)
		}
		if diff := cmp.Diff(strings.Split(alone.Render(), "\n"), strings.Split(screen.Render(), "\n")); diff != "" {
			t.Fatalf("frame %d (-alone +painted):\n%s", i, diff)
		}
	}
}

// What is the same is not sent; a single figure costs its own bytes.
func TestAFrameThatIsTheSameIsNotPainted(t *testing.T) {
	var out bytes.Buffer
	p := &painter{out: &out}
	_, _ = p.Write([]byte("\x1b[?1049h"))
	frame := modelOf(reportAt(t, contention, hanging), 120, 35).frame()
	p.draw(frame)
	out.Reset()
	if p.draw(frame); out.Len() > 0 {
		t.Errorf("%d bytes for the same frame", out.Len())
	}
	p.draw(strings.Replace(frame, "7593", "7594", 1))
	if want := "\x1b[?7l"; !strings.HasPrefix(out.String(), want) || out.Len() > 40 || !strings.Contains(out.String(), "4") {
		t.Errorf("one figure: %q", out.String())
	}
}

// A frame belongs on the alternate screen alone; what Bubble Tea writes may have erased it, so it is drawn again behind that.
func TestAFrameIsDrawnOnTheAlternateScreenOnly(t *testing.T) {
	var out bytes.Buffer
	p := &painter{out: &out}
	step := func(what, writes, frame string, drawn bool) {
		t.Helper()
		out.Reset()
		if writes != "" {
			_, _ = p.Write([]byte(writes))
		}
		if frame != "" {
			p.draw(frame)
		}
		if got := strings.Contains(out.String(), "what is seen"); got != drawn {
			t.Errorf("%s: %q", what, out.String())
		}
	}
	step("before the alternate screen", "", "what is seen", false)
	step("with it", "\x1b[?1049h\x1b[2J", "", true)
	step("the same again", "", "what is seen", false)
	step("behind what erased it", "\x1b[2J", "", true)
	p.forget()
	step("on a terminal of another size", "", "what is seen", true)
	step("when it is left", "\x1b[?1049l", "", false)
	step("after it", "bye", "what is seen elsewhere", false)
}
