package symbols

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// libraries of this machine: a C library, whose symbols have versions, and one with few.
func libraries(t *testing.T) []string {
	t.Helper()
	all, _ := filepath.Glob("/lib/*-linux-gnu/lib[cm].so.6")
	if len(all) == 0 {
		t.Fatal("no C library was found")
	}
	return all
}

// A name leads to the same symbol by the hash and by looking at each, and one that is not there to none.
func TestFind(t *testing.T) {
	for _, path := range libraries(t) {
		f, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		whole, err := f.DynamicSymbols()
		if err != nil {
			t.Fatal(err)
		}
		here, found := tableOf(f, elf.SHT_DYNSYM)
		if !found || here.hash == nil {
			t.Fatalf("%s: table %v, hash %v", path, found, here.hash)
		}
		linear := here
		linear.hash = nil
		defined := map[string][]uint64{}
		names := []string{"no_such_name"}
		for i, s := range whole {
			if s.Section != elf.SHN_UNDEF {
				defined[s.Name] = append(defined[s.Name], s.Value)
				if i%7 == 0 {
					names = append(names, s.Name)
				}
			}
		}
		for what, one := range map[string]table{"hash": here, "each": linear} {
			got := map[string]bool{}
			one.find(names, func(s elf.Symbol) bool {
				known := false
				for _, at := range defined[s.Name] {
					known = known || at == s.Value
				}
				if s.Section != elf.SHN_UNDEF && !known {
					t.Errorf("%s: by %s %s is at %x, want one of %x", path, what, s.Name, s.Value, defined[s.Name])
				}
				got[s.Name] = true
				return true
			})
			for _, name := range names {
				if want := defined[name] != nil; got[name] != want {
					t.Errorf("%s: by %s %s is found: %v", path, what, name, got[name])
				}
			}
		}
	}
}

// A hash that leads nowhere, or round and round, ends.
func FuzzHash(f *testing.F) {
	for _, seed := range [][]byte{{}, make([]byte, 64), binary.LittleEndian.AppendUint64(nil, 1<<40|1)} {
		f.Add(seed, "main")
	}
	f.Fuzz(func(t *testing.T, section []byte, name string) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, section, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		part := &elf.Section{SectionHeader: elf.SectionHeader{Size: uint64(len(section))}, ReaderAt: file}
		one := table{order: binary.LittleEndian, symbols: part, names: part, hash: part}
		one.find([]string{name}, func(s elf.Symbol) bool {
			if s.Name != name {
				t.Errorf("asked for %q, found %q", name, s.Name)
			}
			return true
		})
	})
}
