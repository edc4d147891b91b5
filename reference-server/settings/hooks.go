package settings

import (
	"fmt"
	"slices"
	"strings"
)

// HookNames are the lifecycle hooks, as the guide and gunicorn name them.
func HookNames() []string {
	return []string{"on_starting", "on_reload", "when_ready", "pre_fork", "post_fork", "post_worker_init", "worker_int",
		"worker_abort", "pre_exec",
		"child_exit", "worker_exit", "nworkers_changed", "on_exit"}
}

// HookCommands are the commands by the name of their hook.
func (c *Config) HookCommands() (map[string]string, error) {
	commands := map[string]string{}
	for _, h := range c.Hooks {
		name, command, ok := strings.Cut(h, "=")
		if !ok || command == "" {
			return nil, fmt.Errorf("hook: want NAME=COMMAND, got %q", h)
		}
		if !slices.Contains(HookNames(), name) {
			return nil, fmt.Errorf("hook: want one of %s, got %q", strings.Join(HookNames(), ", "), name)
		}
		commands[name] = command
	}
	return commands, nil
}
