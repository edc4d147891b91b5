package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hangtime-dev/hangtime/history"
	"github.com/hangtime-dev/hangtime/loadgen"
)

// RecordingIn is where the recording of a scenario stands in a folder.
func RecordingIn(dir, scenario string) string {
	return filepath.Join(dir, scenario+history.Extension)
}

// AlreadyThere is why a recording is not made.
func AlreadyThere(path string) error {
	return fmt.Errorf("%s is there already; want another folder: a recording is never overwritten", path)
}

// CreateRecording makes the recording of a scenario in a folder, which is made if it is missing.
func CreateRecording(dir, scenario string) (*history.Writer, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	path := RecordingIn(dir, scenario)
	w, err := history.Create(path)
	if errors.Is(err, os.ErrExist) {
		return nil, AlreadyThere(path)
	}
	return w, err
}

// Files are what a load alone is written to.
type Files struct {
	raw, hlog *os.File
	recording *history.Writer
}

// CreateFiles makes the files before the first hit is sent: at raw every hit in vegeta's encoding, at hlog a histogram
// log, and the recording in the folder dir; empty ones are not made. An error begins with which of raw, hlog and out it
// is about.
func CreateFiles(raw, hlog, dir, name string) (*Files, error) {
	f := &Files{}
	var err error
	if raw != "" {
		if f.raw, err = os.Create(raw); err != nil {
			return nil, fmt.Errorf("raw: %w", err)
		}
	}
	if hlog != "" {
		if f.hlog, err = os.Create(hlog); err != nil {
			return nil, errors.Join(fmt.Errorf("hlog: %w", err), f.Close())
		}
	}
	if dir != "" {
		if f.recording, err = CreateRecording(dir, name); err != nil {
			return nil, errors.Join(fmt.Errorf("out: %w", err), f.Close())
		}
	}
	return f, nil
}

// Raw is where every hit is written to; nil: nowhere.
func (f *Files) Raw() io.Writer {
	if f.raw == nil {
		return nil
	}
	return f.raw
}

// Sinks are those of the recording and of the histogram log.
func (f *Files) Sinks() (all []Sink) {
	if f.recording != nil {
		all = append(all, f.recording.Append)
	}
	if f.hlog != nil {
		all = append(all, loadgen.NewHLog(f.hlog).Append)
	}
	return all
}

// Close ends the files.
func (f *Files) Close() error {
	var err error
	if f.raw != nil {
		err = f.raw.Close()
	}
	if f.hlog != nil {
		err = errors.Join(err, f.hlog.Close())
	}
	if f.recording != nil {
		err = errors.Join(err, f.recording.Close())
	}
	return err
}

// WriteInside writes a file of a folder. A link that stands there under the name and leads out of the folder is an error,
// and not followed: others may be able to write into it.
func WriteInside(dir, name string, text []byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	return errors.Join(root.WriteFile(name, text, 0o644), root.Close())
}
