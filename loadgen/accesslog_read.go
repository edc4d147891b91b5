package loadgen

import (
	"io"
	"time"
)

// A LoggedRequest is a request as an access log has it.
type LoggedRequest struct {
	At     time.Time // to the second in the Common format
	Method string
	Path   string // with its query
}

// ReadAccessLog reads an access log as the shape replay does: Common or Combined format, or JSON lines. It returns how many lines had no request in them.
func ReadAccessLog(from io.Reader, each func(LoggedRequest) error) (skipped int, err error) {
	return readLog(from, func(l logged) error { return each(LoggedRequest{l.at, l.method, l.path}) })
}
