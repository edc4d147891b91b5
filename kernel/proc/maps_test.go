package proc

import (
	"os"
	"slices"
	"testing"
)

func TestMappingLines(t *testing.T) {
	for line, want := range map[string]Mapping{
		"55d0c0a00000-55d0c0a28000 r--p 00001000 fe:00 1234                       /usr/bin/python3.13": {
			0x55d0c0a00000, 0x55d0c0a28000, "r--p", 0x1000, "fe:00", 1234, "/usr/bin/python3.13", false},
		"7f00-7f10 rw-p 00000000 00:00 0 ": {0x7f00, 0x7f10, "rw-p", 0, "00:00", 0,
			"", false},
		"7f00-7f10 rw-p 00000000 00:00 0                          [heap]": {0x7f00, 0x7f10, "rw-p", 0, "00:00", 0,
			"[heap]", false},
		"7f00-7f10 r-xp 00000000 00:2a 9    /srv/my app/lib x.so (deleted)": {
			0x7f00, 0x7f10, "r-xp", 0, "00:2a", 9, "/srv/my app/lib x.so", true},
	} {
		if got, ok := ParseMapping(line); !ok || got != want {
			t.Errorf("%q: %+v, %v; want %+v", line, got, ok, want)
		}
	}
	for _, line := range []string{"", "7f00", "7f10-7f00 r--p 0 00:00 0", "x-y r--p 0 00:00 0",
		"7f00-7f10 r--p z 00:00 0", "7f00-7f10 r--p 0 00:00 "} {
		if got, ok := ParseMapping(line); ok {
			t.Errorf("%q was read as %+v", line, got)
		}
	}
}

func TestMapsOfThisProcess(t *testing.T) {
	all, err := FS("/proc").Maps(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(all, func(m Mapping) bool { return m.Path == program && m.Offset == 0 && m.Inode != 0 }) {
		t.Errorf("%s, which runs, is not among %d mappings", program, len(all))
	}
}

func FuzzMapping(f *testing.F) {
	f.Add("7f00-7f10 rw-p 00000000 00:00 0 [heap]")
	f.Fuzz(func(t *testing.T, line string) {
		if m, ok := ParseMapping(line); ok && m.High <= m.Low {
			t.Errorf("%q: a mapping without a byte: %+v", line, m)
		}
	})
}
