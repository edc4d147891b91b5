package history

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
)

// recordingOf packs lines as a recording is.
func recordingOf(t *testing.T, lines ...string) []byte {
	t.Helper()
	var packed bytes.Buffer
	gz := gzip.NewWriter(&packed)
	for _, line := range lines {
		if _, err := io.WriteString(gz, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

const (
	firstLine  = `{"seq":1,"at":0,"kind":"header","event":{"format":2,"tool":"x","scenario":"s","text":"","seed":1,"host":"h","kernel":"k","cores":1,"started":"2026-01-01T00:00:00Z"}}`
	secondLine = `{"seq":2,"at":5,"kind":"tick","event":{"late":0}}`
)

func TestARecordingThatNobodyWroteIsRefused(t *testing.T) {
	for _, row := range []struct {
		what  string
		lines []string
		want  string
	}{
		{"a header and a tick", []string{firstLine, secondLine}, ""},
		{"an event that is null", []string{firstLine, strings.Replace(secondLine, `{"late":0}`, "null", 1)}, "want what happened as an object"},
		{"no event", []string{firstLine, strings.Replace(secondLine, `,"event":{"late":0}`, "", 1)}, "want what happened as an object"},
		{"a list", []string{firstLine, strings.Replace(secondLine, `{"late":0}`, "[1]", 1)}, "want what happened as an object"},
		{"beyond all times", []string{firstLine, strings.Replace(secondLine, `"at":5`, `"at":9000000000000000000`, 1)}, "want at most 8784h"},
		{"a window that ends after it was recorded", []string{firstLine,
			`{"seq":2,"at":5,"kind":"load-window","event":{"from":0,"to":9000000000000000000}}`}, "a load-window with times that cannot be"},
		{"a record twice", []string{firstLine, secondLine, secondLine}, "want the next number"},
	} {
		in, err := NewReader("r", bytes.NewReader(recordingOf(t, row.lines...)))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = in.Next()
		}
		if row.want == "" && !errors.Is(err, io.EOF) || row.want != "" && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v; want %q", row.what, err, row.want)
		}
	}
}

// What unpacks to far more than a recording does is not read to its end.
func TestABombIsNotUnpacked(t *testing.T) {
	var packed bytes.Buffer
	gz := gzip.NewWriter(&packed)
	zeros := make([]byte, 1<<20)
	for range 256 {
		if _, err := gz.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	from := &counted{src: &packed}
	src, err := gzip.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, &unpacked{packed: from, src: src})
	if err == nil || !strings.Contains(err.Error(), "was not written by hangtime") || n > 2*alwaysTaken {
		t.Errorf("%d bytes were unpacked: %v", n, err)
	}
}
