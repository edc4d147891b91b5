package worker

import (
	"encoding/json"
	"fmt"

	"golang.org/x/sys/unix"
)

// tell writes a line to the arbiter; it never waits: when the arbiter does not read, the line is lost.
func tell(event string, fields ...any) {
	line := map[string]any{"event": event}
	for i := 0; i+1 < len(fields); i += 2 {
		line[fmt.Sprint(fields[i])] = fields[i+1]
	}
	text, err := json.Marshal(line)
	if err != nil {
		return
	}
	_, _ = unix.Write(fdStatus, append(text, '\n'))
}

// hook says that one of the guide's hooks of the worker was reached. Its command, if it has one, is started by the
// arbiter: a worker that is about to die cannot wait for it.
func hook(name string) { tell("hook", "name", name) }
