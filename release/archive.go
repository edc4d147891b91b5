package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// An entry is a file or a folder of an archive.
type entry struct {
	name string // in the archive; a folder's ends in /
	mode int64
	from string // the file to read; empty of a folder
}

// writeTar writes entries so that the same ones give the same bytes: one date, no owner.
func writeTar(w io.Writer, entries []entry, date time.Time) error {
	to := tar.NewWriter(w)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: e.mode, ModTime: date, Format: tar.FormatPAX, Typeflag: tar.TypeDir}
		var text []byte
		if e.from != "" {
			var err error
			if text, err = os.ReadFile(e.from); err != nil {
				return err
			}
			header.Typeflag, header.Size = tar.TypeReg, int64(len(text))
		}
		if err := to.WriteHeader(header); err != nil {
			return err
		}
		if _, err := to.Write(text); err != nil {
			return err
		}
	}
	return to.Close()
}

func writeTarGz(path string, entries []entry, date time.Time) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := gzip.NewWriter(f)
	return errors.Join(writeTar(w, entries, date), w.Close())
}

// writeArchive writes what a person unpacks by hand.
func (s *staged) writeArchive(out string) error {
	entries := []entry{{program, 0o755, s.file(program)}, {"LICENSE", 0o644, s.file("LICENSE")},
		{"THIRD-PARTY-LICENSES", 0o644, s.file("THIRD-PARTY-LICENSES")}}
	for _, folder := range []string{"completions", "man"} {
		files, err := filepath.Glob(s.file(folder + "/*"))
		if err != nil {
			return err
		}
		entries = append(entries, entry{folder + "/", 0o755, ""})
		for _, file := range files {
			entries = append(entries, entry{folder + "/" + filepath.Base(file), 0o644, file})
		}
	}
	return writeTarGz(filepath.Join(out, s.name()+".tar.gz"), entries, s.date)
}

// rootfs is the file system of a container: the program, and what it needs of a machine, which is a folder for files
// that do not last.
func (s *staged) rootfs() []entry {
	licences := "usr/share/licenses/hangtime/"
	return []entry{
		{"tmp/", 0o1777, ""}, {"usr/", 0o755, ""}, {"usr/bin/", 0o755, ""}, {"usr/bin/" + program, 0o755, s.file(program)},
		{"usr/share/", 0o755, ""}, {"usr/share/licenses/", 0o755, ""}, {licences, 0o755, ""},
		{licences + "LICENSE", 0o644, s.file("LICENSE")},
		{licences + "THIRD-PARTY-LICENSES", 0o644, s.file("THIRD-PARTY-LICENSES")},
	}
}

func (s *staged) writeRootfs(out string) error {
	return writeTarGz(filepath.Join(out, s.name()+"_rootfs.tar.gz"), s.rootfs(), s.date)
}

// writeSums writes SHA256SUMS of all that is in out, as sha256sum --check reads it.
func writeSums(out string) error {
	entries, err := os.ReadDir(out)
	if err != nil {
		return err
	}
	var lines []string
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(text), e.Name()))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(strings.Join(lines, "")), 0o644)
}
