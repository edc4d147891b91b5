// Command release builds what a release of hangtime consists of: static programs, archives, packages, a container
// image, bills of material and checksums. It publishes nothing.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A target is what a program is built for, as Go names it: linux/amd64.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

const allTargets = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64"

func main() {
	source := flag.String("source", "..", "the clone of hangtime to build")
	out := flag.String("out", "../dist", "folder for what is built; it must not be there, or be empty")
	targets := flag.String("targets", allTargets, "what to build for, as Go names it")
	flag.Parse()
	if err := release(*source, *out, *targets); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release builds everything into out.
func release(source, out, list string) error {
	targets, err := parseTargets(list)
	if err != nil {
		return err
	}
	if source, err = filepath.Abs(source); err != nil {
		return err
	}
	if err := emptyFolder(out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "hangtime-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	manual, err := makeManual(source, filepath.Join(work, "manual"))
	if err != nil {
		return err
	}
	var images []*staged
	for _, t := range targets {
		s, err := stage(source, filepath.Join(work, t.os+"-"+t.arch), t, manual)
		if err != nil {
			return fmt.Errorf("%v: %w", t, err)
		}
		fmt.Printf("%s %v\n", s.version, t)
		if err := s.write(out); err != nil {
			return fmt.Errorf("%v: %w", t, err)
		}
		if t.os == "linux" {
			images = append(images, s)
		}
	}
	if len(images) > 0 {
		if err := writeImage(images, out); err != nil {
			return fmt.Errorf("container image: %w", err)
		}
	}
	return writeSums(out)
}

// write makes all that is for one target alone.
func (s *staged) write(out string) error {
	if err := s.writeArchive(out); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := s.writeSBOM(out); err != nil {
		return fmt.Errorf("bill of materials: %w", err)
	}
	if s.target.os != "linux" {
		return nil
	}
	if err := s.writePackages(out); err != nil {
		return err
	}
	if err := s.writeRootfs(out); err != nil {
		return fmt.Errorf("root file system: %w", err)
	}
	return nil
}

func parseTargets(list string) (all []target, err error) {
	for one := range strings.SplitSeq(list, ",") {
		os, arch, ok := strings.Cut(one, "/")
		if !ok || !strings.Contains(","+allTargets+",", ","+one+",") {
			return nil, fmt.Errorf("-targets: want some of %s, got %q", allTargets, one)
		}
		all = append(all, target{os, arch})
	}
	return all, nil
}

// emptyFolder makes a folder, and refuses one that holds something: an old file must not get among the checksums.
func emptyFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return errors.New(path + " is not empty; want a folder that is new or empty")
	}
	return nil
}
