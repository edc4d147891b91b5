package symbols

import (
	"fmt"
	"path"

	"github.com/hangtime-dev/hangtime/stacks"
)

// Find looks for a language's engine in the files that a process has mapped, the program and its libraries, whose base
// names are those of an engine. open makes a reader of one of them; neither a reader nor an error: the engine is not in
// it. Where there is no reader the error is the first of open's, and stacks.ErrNone where it had none.
func Find(p stacks.Process, language string, engine func(name string) bool,
	open func(*Object) (stacks.Reader, error)) (stacks.Reader, error) {
	files, err := Files(p.Proc, p.PID)
	if err != nil {
		return nil, fmt.Errorf("look for %s in process %d: %w", language, p.PID, err)
	}
	failed := stacks.ErrNone
	for _, file := range files {
		if !engine(path.Base(file.Path)) {
			continue
		}
		r, err := try(file, open)
		if r != nil {
			return r, nil
		}
		if err != nil && failed == stacks.ErrNone {
			failed = fmt.Errorf("read %s in process %d from %s: %w", language, p.PID, file.Path, err)
		}
	}
	return nil, failed
}

func try(file Mapped, open func(*Object) (stacks.Reader, error)) (stacks.Reader, error) {
	object, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer object.Close()
	return open(object)
}
