package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Validate says everything that is wrong, one line each.
func (c *Config) Validate() error {
	var wrong []error
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	for _, o := range c.Options() {
		switch v := o.Value.(type) {
		case *string:
			if o.Choices != nil && !slices.Contains(o.Choices, *v) {
				bad("%s: want one of %s, got %q", o.Name, strings.Join(o.Choices, ", "), *v)
			}
		case *time.Duration:
			if *v < 0 {
				bad("%s: want a time of 0 or more, got %v", o.Name, *v)
			}
		case *int:
			if *v < 0 {
				bad("%s: want a number of 0 or more, got %d", o.Name, *v)
			}
		}
	}
	for name, value := range map[string]int{"threads": c.Threads, "backlog": c.Backlog,
		"executor-threads": c.ExecutorThreads, "worker-connections": c.WorkerConnections,
		"max-concurrent-tasks": c.MaxConcurrentTasks, "task-queue": c.TaskQueue} {
		if value < 1 {
			bad("%s: want 1 or more, got %d", name, value)
		}
	}
	if c.Workers > MaxWorkers {
		bad("workers: want %d at most, got %d", MaxWorkers, c.Workers)
	}
	if len(c.Bind) == 0 {
		bad("bind: want at least one address")
	}
	if _, err := c.UmaskBits(); err != nil {
		wrong = append(wrong, err)
	}
	if _, err := c.HookCommands(); err != nil {
		wrong = append(wrong, err)
	}
	if _, _, err := c.Owner(); err != nil {
		wrong = append(wrong, err)
	}
	for _, bind := range c.Bind {
		if _, err := ParseBind(bind); err != nil {
			wrong = append(wrong, err)
		}
	}
	names, backends := c.Backends.inOrder()
	for i, b := range backends {
		wrong = append(wrong, b.Wrong(c.Tasks == names[i])...)
	}
	return errors.Join(wrong...)
}
