package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const program = "hangtime"

// A staged is one target's program with all that goes with it, in a folder; archive, packages and image are made of it.
type staged struct {
	target  target
	dir     string // with the program, LICENSE, THIRD-PARTY-LICENSES, and the folders man and completions
	version string // without the leading v
	date    time.Time
	info    *buildinfo.BuildInfo
	modules []module
}

func (s *staged) file(name string) string { return filepath.Join(s.dir, name) }

// name begins the names of the files that are made for one target.
func (s *staged) name() string {
	return fmt.Sprintf("%s_%s_%s_%s", program, s.version, s.target.os, s.target.arch)
}

// stage builds the program and gathers what goes with it.
func stage(source, dir string, t target, manual string) (*staged, error) {
	if err := os.CopyFS(dir, os.DirFS(manual)); err != nil {
		return nil, err
	}
	s := &staged{target: t, dir: dir}
	if err := build(source, s.file(program), t); err != nil {
		return nil, err
	}
	if err := s.identify(); err != nil {
		return nil, err
	}
	var err error
	if s.modules, err = linkedModules(source, t); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(source, "LICENSE"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.file("LICENSE"), text, 0o644); err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.file("THIRD-PARTY-LICENSES"), thirdParty(s.modules), 0o644); err != nil {
		return nil, err
	}
	return s, nil
}

// build makes a static program that is the same wherever it was built. GOFLAGS of the machine has no say in it. What a
// debugger would read (DWARF) is left out; the table of symbols stays, for hangtime reads its own server's stacks by it.
func build(source, to string, t target) error {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-w", "-o", to, "./cmd/hangtime")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOOS="+t.os, "GOARCH="+t.arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, text)
	}
	return nil
}

// identify reads from the program which version it is, and of when: the Go command took that from the tag and the commit.
func (s *staged) identify() (err error) {
	if s.info, err = buildinfo.ReadFile(s.file(program)); err != nil {
		return err
	}
	s.version = strings.TrimPrefix(s.info.Main.Version, "v")
	if s.version == "" || s.version == "(devel)" {
		return errors.New("the program has no version; want a clone of hangtime with its commits, whose tags are the versions")
	}
	for _, setting := range s.info.Settings {
		if setting.Key == "vcs.time" {
			if s.date, err = time.Parse(time.RFC3339, setting.Value); err != nil {
				return err
			}
		}
	}
	if text := os.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("SOURCE_DATE_EPOCH: want seconds since 1970, got %q", text)
		}
		s.date = time.Unix(seconds, 0).UTC()
	}
	return nil
}

// makeManual lets a program for this machine write its man pages and completions: they are the same for all.
func makeManual(source, dir string) (string, error) {
	host := &staged{target: target{runtime.GOOS, runtime.GOARCH}, dir: filepath.Join(dir, "host")}
	if err := build(source, host.file(program), host.target); err != nil {
		return "", err
	}
	if err := host.identify(); err != nil {
		return "", err
	}
	manual := filepath.Join(dir, "manual")
	if err := os.MkdirAll(filepath.Join(manual, "completions"), 0o755); err != nil {
		return "", err
	}
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command(host.file(program), args...)
		cmd.Env = append(os.Environ(), fmt.Sprint("SOURCE_DATE_EPOCH=", host.date.Unix())) // man pages carry a date
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("hangtime %s: %w", strings.Join(args, " "), err)
		}
		return out, nil
	}
	if _, err := run("man", "--dir", filepath.Join(manual, "man")); err != nil {
		return "", err
	}
	for shell, name := range map[string]string{"bash": "hangtime.bash", "zsh": "_hangtime", "fish": "hangtime.fish"} {
		script, err := run("completion", shell)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(manual, "completions", name), script, 0o644); err != nil {
			return "", err
		}
	}
	return manual, nil
}
