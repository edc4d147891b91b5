package input

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAFileIsReadWithinItsLimit(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, bytes int) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, bytes), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	silent := filepath.Join(dir, "silent")
	if err := syscall.Mkfifo(silent, 0o600); err != nil {
		t.Fatal(err)
	}
	both, err := os.OpenFile(silent, os.O_RDWR, 0) // somebody who could write, and does not
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	for _, row := range []struct {
		what, path string
		bytes      int
		want       string // in the error; empty: none
	}{
		{"a file of the limit", write("fits", 1000), 1000, ""},
		{"one byte more", write("more", 1001), 0, "is too large; want at most 1000 bytes"},
		{"what never ends", "/dev/zero", 0, "is too large"},
		{"a folder", dir, 0, "is a folder; want a file"},
		{"a FIFO that nobody writes to", fifo, 0, ""},
		{"a FIFO into which nothing comes", silent, 0, "gives nothing; want a file"},
		{"nothing", filepath.Join(dir, "missing"), 0, "no such file"},
	} {
		text, err := ReadFile(row.path, 1000)
		if len(text) != row.bytes || (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %d bytes, %v; want %d, %q", row.what, len(text), err, row.bytes, row.want)
		}
	}
}

// What somebody pipes in is read, also where it comes in pieces.
func TestAPipeIsReadAsItComes(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f, err := Open(fmt.Sprintf("/proc/self/fd/%d", r.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	go func() {
		_, _ = io.WriteString(w, "one ")
		_, _ = io.WriteString(w, "two")
		_ = w.Close()
	}()
	if text, err := io.ReadAll(f); string(text) != "one two" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

func TestYAMLIsReadWithinItsBounds(t *testing.T) {
	deep := strings.Repeat("[", MostDepth) + strings.Repeat("]", MostDepth)
	var block strings.Builder
	for i := range MostDepth + 1 {
		block.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for _, row := range []struct{ what, text, want string }{
		{"a plain text", "a: [1, {b: c}]\n", ""},
		{"a byte order mark and CRLF", "\ufeffa: 1\r\nb: 2\r\n", ""},
		{"brackets in quotes", "a: '" + strings.Repeat("[", 1000) + "'\n", ""},
		{"many things side by side", strings.Repeat("- {a: [b]}\n", 1000), ""},
		{"as deep as may be", deep, ""},
		{"one level more", "[" + deep, "more than 64 levels deep"},
		{"far too deep, and never closed", strings.Repeat("[{a: ", 100_000), "more than 64 levels deep"},
		{"closing brackets in comments", strings.Repeat("[ # ]\n", 1000), "more than 64 levels deep"},
		{"closing brackets in quotes", strings.Repeat(`["]", `, 1000), "more than 64 levels deep"},
		{"deep by indentation", block.String(), "more than 64 levels deep"},
		{"dashes on one line", strings.Repeat("- ", 1000) + "x", "more than 64 levels deep"},
		{"anchors in anchors", strings.Repeat("&a ", 1000) + "x", "more than 64 anchors and tags"},
		{"tags in tags", strings.Repeat("!!a ", 1000) + "x", "more than 64 anchors and tags"},
		{"keys without end", strings.Repeat("a: b\n", mostKeys+1), "more than 5000 keys"},
		{"items without end", "[" + strings.Repeat("a,", mostItems+1) + "]", "more than 20000 items"},
		{"too long", strings.Repeat("#", MostYAML+1), "want at most 1 MiB"},
		{"UTF-16", "\xff\xfea\x00", "the text is UTF-16; want it as UTF-8"},
		{"Latin-1", "a: b\nc: caf\xe9\n", "line 2, column 7: byte 0xe9 is no UTF-8"},
		{"a NUL", "a: b\x00\n", "line 1, column 5: a NUL byte"},
	} {
		_, err := YAML([]byte(row.text))
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %.300v; want %q", row.what, err, row.want)
		}
	}
}

// Whatever the text, it is read or refused.
func FuzzYAML(f *testing.F) {
	for _, seed := range []string{"a: 1", "[[[", "- - -\n? x", "&a *a", "\ufeff", "a: |\n  x\n", "'", "{a: [b, c]}", "<<: *x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if file, err := YAML(text); (file == nil) == (err == nil) {
			t.Errorf("%v, %v", file, err)
		}
	})
}
