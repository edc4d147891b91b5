package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The release that the tests look at is built once, of a clone in which what is being worked on has a tag.
const (
	tag         = "v0.9.1"
	testTargets = "linux/amd64,linux/arm64"
)

var clone, dist string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "hangtime-release-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		clone, dist = filepath.Join(dir, "clone"), filepath.Join(dir, "dist")
		if err = makeClone(clone); err == nil {
			err = release(clone, dist, testTargets)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "build the release:", err)
			return 1
		}
		return m.Run()
	}())
}

// makeClone makes a repository of the working tree as it is, with one commit that has the tag.
func makeClone(to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	copied := exec.Command("sh", "-c", `tar -C .. --exclude=./.git --exclude=./bin --exclude=./dist -cf - . | tar -C "$0" -xf -`, to)
	if out, err := copied.CombinedOutput(); err != nil {
		return fmt.Errorf("copy the working tree: %w\n%s", err, out)
	}
	for _, line := range []string{"init --quiet", "add --all", "commit --quiet --message=all", "tag " + tag} {
		cmd := exec.Command("git", strings.Fields(line)...)
		cmd.Dir = to
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@localhost", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
			"GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@localhost", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", line, err, out)
		}
	}
	return nil
}
