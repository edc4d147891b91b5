package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// writeImage writes one image for all of the machines, as an OCI layout in a tar: podman loads it, and
// skopeo copies it into a registry.
func writeImage(all []*staged, out string) (err error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, s := range all {
		img, err := s.image()
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: s.target.os, Architecture: s.target.arch},
		}})
	}
	dir, err := os.MkdirTemp("", "hangtime-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	name := map[string]string{"org.opencontainers.image.ref.name": all[0].version}
	if err := to.AppendIndex(index, layout.WithAnnotations(name)); err != nil {
		return err
	}
	var entries []entry
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		e := entry{filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator))), 0o644, path}
		if d.IsDir() {
			e = entry{e.name + "/", 0o755, ""}
		}
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(out, program+"_"+all[0].version+"_oci.tar"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return writeTar(f, entries, all[0].date)
}

func (s *staged) image() (v1.Image, error) {
	var root bytes.Buffer
	if err := writeTar(&root, s.rootfs(), s.date); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(root.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if img, err = mutate.AppendLayers(img, layer); err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = s.target.os, s.target.arch, v1.Time{Time: s.date}
	config.Config = v1.Config{
		Entrypoint: []string{"/usr/bin/" + program},
		Env:        []string{"PATH=/usr/bin", "HOME=/tmp"}, // it keeps its state below HOME
		WorkingDir: "/tmp",
		Labels: map[string]string{
			"org.opencontainers.image.title":    program,
			"org.opencontainers.image.version":  s.version,
			"org.opencontainers.image.source":   "https://" + s.info.Main.Path,
			"org.opencontainers.image.licenses": "MIT",
		},
	}
	return mutate.ConfigFile(img, config)
}
