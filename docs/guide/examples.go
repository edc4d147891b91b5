package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// examples are the scenarios of this repository that are not built in, for their servers are of others: each stands in
// a folder of examples/ and takes tasks from a Redis server.
func examples() map[string]string {
	return map[string]string{
		"celery-child-killed":  "./examples/celery/child-killed.yaml",
		"rq-work-horse-killed": "./examples/rq/work-horse-killed.yaml",
	}
}

// scenarioOf is how a source is named to `hangtime run`, from the root of the repository.
func scenarioOf(source string) string {
	if path, ok := examples()[source]; ok {
		return path
	}
	return source
}

// surroundings are where an example finds its programs and its broker; end stops the broker.
func surroundings(ctx context.Context) (env []string, end func(), err error) {
	venv, err := exec.CommandContext(ctx, "./.ci/python-servers").Output()
	if err != nil {
		return nil, nil, fmt.Errorf("find Celery and RQ (.ci/install-tools installs them): %w", err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	address := free.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = free.Close()
	redis := exec.CommandContext(ctx, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "")
	if err := redis.Start(); err != nil {
		return nil, nil, err
	}
	end = func() { _ = redis.Process.Kill(); _ = redis.Wait() }
	for {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
			break
		}
		select {
		case <-ctx.Done():
			end()
			return nil, nil, errors.Join(err, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return append(os.Environ(), "HANGTIME_BROKER=redis://"+address+"/0", "PYTHONDONTWRITEBYTECODE=1",
		"PATH="+filepath.Join(strings.TrimSpace(string(venv)), "bin")+":"+os.Getenv("PATH")), end, nil
}
