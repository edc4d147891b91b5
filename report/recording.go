package report

import (
	"errors"
	"fmt"
	"io"

	"github.com/hangtime-dev/hangtime/history"
)

// ReadRecording feeds the whole recording at path to live and returns its last report. A recording that breaks off is
// read as far as it is whole; the report says so.
func ReadRecording(path string, live *Live) (*Report, error) {
	in, err := history.OpenRecording(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	for {
		rec, err := in.Next()
		switch {
		case errors.Is(err, io.EOF):
			if !live.ended {
				live.end("the recording has no end: hangtime was ended before the run was over")
			}
			return live.Last(), nil
		case errors.Is(err, history.ErrTorn):
			live.end("the recording breaks off before its end: hangtime or the machine stopped there")
			return live.Last(), nil
		case err != nil:
			return nil, fmt.Errorf("read recording: %w", err)
		}
		if err := live.Sink([]history.Record{rec}); err != nil {
			return nil, err
		}
	}
}

// ReadRecordings are the last reports of several recordings.
func ReadRecordings(paths []string) ([]*Report, error) {
	var all []*Report
	for _, path := range paths {
		r, err := ReadRecording(path, NewLive(nil))
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}
