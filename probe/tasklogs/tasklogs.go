// Package tasklogs counts what a server of hangtime has written about its tasks, once it has stopped.
package tasklogs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/hangtime-dev/hangtime/history"
)

// Read counts what the task logs in dir hold, rotated ones too. It is for when the server has stopped: until
// then a last line may be half written.
func Read(dir string) (history.TaskLog, error) {
	// A link in the folder that leads out of it is not followed.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return history.TaskLog{}, fmt.Errorf("look for task logs: %w", err)
	}
	defer root.Close()
	files, err := fs.Glob(root.FS(), "async_tasks*.log*")
	if err != nil {
		return history.TaskLog{}, fmt.Errorf("look for task logs: %w", err)
	}
	out := history.TaskLog{Files: len(files)}
	began, ended := map[string]int{}, map[string]bool{}
	for _, path := range files {
		if err := readOne(root, path, &out, began, ended); err != nil {
			return out, fmt.Errorf("read task log: %w", err)
		}
	}
	out.Started, out.Ended = uint64(len(began)), uint64(len(ended))
	for _, n := range began {
		if n > 1 {
			out.Duplicated++
		}
	}
	return out, nil
}

func readOne(root *os.Root, path string, out *history.TaskLog, began map[string]int, ended map[string]bool) error {
	f, err := root.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for {
		text, err := in.ReadBytes('\n')
		if len(text) > 0 {
			out.Lines++
			var line struct{ Msg, ID string }
			switch {
			case json.Unmarshal(text, &line) != nil || err != nil: // the last line, too, ends with its newline
				out.Torn++
			case line.ID == "":
			case line.Msg == "task started":
				began[line.ID]++
			case line.Msg == "task done", line.Msg == "task failed":
				ended[line.ID] = true
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
