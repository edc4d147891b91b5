package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // each makes itself known to nfpm.Get
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

//go:embed nfpm.yaml
var packagesSay []byte

// writePackages writes a .deb and an .rpm.
func (s *staged) writePackages(out string) error {
	if err := s.compressManual(); err != nil {
		return err
	}
	fill := map[string]string{"ARCH": s.target.arch, "VERSION": s.version, "DIR": s.dir}
	for _, format := range []string{"deb", "rpm"} {
		// Read anew for each: making one package changes what was read.
		config, err := nfpm.ParseWithEnvMapping(bytes.NewReader(packagesSay), func(name string) string { return fill[name] })
		if err != nil {
			return fmt.Errorf("nfpm.yaml: %w", err)
		}
		config.MTime = s.date
		if err := s.writePackage(out, format, &config); err != nil {
			return fmt.Errorf("%s package: %w", format, err)
		}
	}
	return nil
}

func (s *staged) writePackage(out, format string, config *nfpm.Config) (err error) {
	info, err := config.Get(format)
	if err != nil {
		return err
	}
	info = nfpm.WithDefaults(info)
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	for _, content := range info.Contents {
		content.FileInfo.MTime = s.date
	}
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(out, packager.ConventionalFileName(info)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return packager.Package(info, f)
}

// compressManual compresses the man pages, as both kinds of packages want them.
func (s *staged) compressManual() error {
	if err := os.MkdirAll(s.file("man-gz"), 0o755); err != nil {
		return err
	}
	pages, err := filepath.Glob(s.file("man/*.1"))
	if err != nil {
		return err
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(s.file("man-gz/"+filepath.Base(page)+".gz"), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
